import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomFrom } from '../../../src/core/vocabulary/random.js';
import { bridgeFolders, type FarMachine, startFarMachine, useFarProject } from '../harness/far-machine.js';
import { inProject, type JestRun, type Json, type RunningJest, runJest, startJest } from '../harness/jest.js';
import { type Place, takePlace } from '../harness/place.js';
import { type Project, useProject } from '../harness/project.js';
import { eventsOf } from '../harness/record.js';
import { type Fault, faultsOf, signal } from './fault.js';
import { WatchedSuites } from './suites.js';

/** What a run with one fault did. */
export interface SeededRun {
  /** Which fault, where and when. */
  readonly what: string;
  /** False: the run had ended before. */
  readonly hasHappened: boolean;
  readonly lostMachines: number;
  /** Machines that were given up before they had joined. */
  readonly refusedMachines: number;
  readonly lateResults: number;
  readonly tookMs: number;
  /** What must not be; none: it went as a run of stock Jest. */
  readonly problems: readonly string[];
}

/** Which fault happens where and when. */
interface Plan {
  readonly fault: Fault;
  readonly there: FarMachine;
  /** How many suites have begun there before. */
  readonly begun: number;
  /** After the last of them has begun. */
  readonly afterMs: number;
  /** How long a fault lasts that can end. */
  readonly healsMs: number;
}

/** Two machines, and a project whose suites run there and here. */
export class FaultyRuns {
  readonly #place: Place;
  readonly #machines: readonly FarMachine[];
  readonly #suites: WatchedSuites;
  #stock: Promise<readonly string[]> | undefined;

  private constructor(place: Place, machines: readonly FarMachine[]) {
    this.#place = place;
    this.#machines = machines;
    this.#suites = new WatchedSuites(join(place.directory, 'watched'));
  }

  static async open(): Promise<FaultyRuns> {
    const place = await takePlace('faults');
    return new FaultyRuns(place, [await startFarMachine('one'), await startFarMachine('two')]);
  }

  close(): void {
    for (const machine of this.#machines) machine.dispose();
    this.#place.release();
  }

  /** Runs the project once, with the fault that follows from the seed. */
  async run(seed: number): Promise<SeededRun> {
    this.#stock ??= this.#testsOfStock();
    const expected = await this.#stock;
    const plan = this.#planOf(seed);
    const project = await this.#newProject();
    const temporary = mkdtempSync(join(tmpdir(), 'jrh-faults-'));
    const startedMs = performance.now();
    const jest = await startJest(project, ['-w', '2'], {
      env: { TMPDIR: temporary },
      timeoutMs: 60_000,
      graceMs: 2000,
    });
    // Rejects where the run ends before.
    const heal = await this.#happen(plan, jest).catch(() => undefined);
    const run = await jest.ended;
    const tookMs = Math.round(performance.now() - startedMs);
    heal?.();
    const problems = [...problemsOf(run, expected), ...(await this.#left(temporary))];
    rmSync(temporary, { recursive: true, force: true });
    return { what: textOf(plan), hasHappened: heal !== undefined, ...countsOf(run), tookMs, problems };
  }

  #planOf(seed: number): Plan {
    const random = randomFrom(seed);
    // The first numbers of seeds that are near each other are near each other too.
    for (let skipped = 0; skipped < 8; skipped += 1) random();
    const upTo = (most: number) => Math.floor(random() * most);
    const faults = faultsOf(() => this.#suites.pids());
    const fault = faults[upTo(faults.length)] as Fault;
    const there = this.#machines[upTo(this.#machines.length)] as FarMachine;
    const whileJoining = upTo(4) === 0;
    const begun = whileJoining ? 0 : 1 + upTo(3);
    return { fault, there, begun, afterMs: upTo(whileJoining ? 2500 : 300), healsMs: 500 + upTo(6500) };
  }

  /** As if nothing had run before. */
  #newProject(): Promise<Project> {
    this.#suites.forget();
    for (const { link } of this.#machines) link.heal();
    const machines = this.#machines;
    return useFarProject({ machines, files: this.#suites.files, directory: this.#directory });
  }

  /** Lets the fault happen. @returns Ends it, if that has not happened yet. */
  async #happen({ fault, there, begun, afterMs, healsMs }: Plan, jest: RunningJest): Promise<() => void> {
    await jest.until(() => this.#suites.begunAt(there.host.home) >= begun);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    let victims: readonly number[] = [];
    await jest.until(() => {
      victims = fault.victims?.(there) ?? [];
      return fault.victims === undefined || victims.length > 0;
    });
    fault.begin(there, victims);
    const heal = () => fault.heal?.(there, victims);
    const timer = setTimeout(heal, healsMs);
    return () => {
      clearTimeout(timer);
      heal();
    };
  }

  get #directory(): string {
    return join(this.#place.directory, 'project');
  }

  async #testsOfStock(): Promise<readonly string[]> {
    this.#suites.forget();
    const { files } = this.#suites;
    const project = await useProject('bare', { runner: 'stock', files, directory: this.#directory });
    return testsOf(await runJest(project, ['-w', '2']));
  }

  /** What is left on the machines 2 s after the end, and between them and here. It is removed for the next run. */
  async #left(temporary: string): Promise<readonly string[]> {
    const pids = () => this.#machines.flatMap((machine) => machine.pids());
    const deadline = Date.now() + 2000;
    while (pids().length > 0 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const alive = this.#machines.flatMap((machine) => machine.pids().map((pid) => `${machine.name}: ${pid}`));
    signal(pids(), 'SIGKILL');
    const files = this.#machines.flatMap((machine) => machine.leftFiles());
    return [
      ...alive.map((each) => `still running on ${each}`),
      ...files.map((file) => `left there: ${file}`),
      ...bridgeFolders(temporary).map((folder) => `left here: ${folder}`),
    ];
  }
}

function textOf({ fault, there, begun, afterMs, healsMs }: Plan): string {
  const heals = fault.heal === undefined ? '' : `, until ${healsMs} ms later`;
  return `${there.name}: ${fault.name}, ${afterMs} ms after ${begun} suites had begun there${heals}`;
}

function countsOf({ record }: JestRun) {
  return {
    lostMachines: eventsOf(record, 'machine-lost').length,
    refusedMachines: eventsOf(record, 'machine-settled').filter(({ problem }) => problem).length,
    lateResults: eventsOf(record, 'late-result').length,
  };
}

function problemsOf(run: JestRun, expected: readonly string[]): readonly string[] {
  const found = testsOf(run);
  const problems = run.leftOver.map(({ command }) => `still running here: ${command}`);
  if (run.exitCode !== 0) problems.push(`exit code ${run.exitCode}, ${run.signal}: ${run.stderr}`);
  problems.push(...expected.filter((test) => !found.includes(test)).map((test) => `missing: ${test}`));
  problems.push(...found.filter((test) => !expected.includes(test)).map((test) => `not in stock: ${test}`));
  if (found.length !== expected.length) problems.push(`${found.length} tests instead of ${expected.length}`);
  const suites = eventsOf(run.record, 'suite-queued').map(({ suite }) => suite.id);
  const ends = eventsOf(run.record, 'suite-ended').filter(({ status }) => !/lost|cancelled/.test(status));
  for (const id of suites) {
    const count = ends.filter(({ suiteId }) => suiteId === id).length;
    if (count !== 1) problems.push(`${id} has ${count} results in the record`);
  }
  return problems;
}

/** One line for each test of each result in `--json`, so that a suite with two results has its lines twice. */
function testsOf(run: JestRun): readonly string[] {
  return (run.json?.testResults ?? []).flatMap((suite: Json) =>
    suite.assertionResults.map(
      (test: Json) => `${inProject(run.project, suite.name)}: ${test.fullName}, ${test.status}`,
    ),
  );
}
