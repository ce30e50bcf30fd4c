import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomFrom } from '../../../src/core/vocabulary/random.js';
import { bridgeFolders } from '../harness/far-machine.js';
import { inProject, type JestRun, type Json, type RunningJest, runJest, startJest } from '../harness/jest.js';
import { type Place, takePlace } from '../harness/place.js';
import { type Project, useProject } from '../harness/project.js';
import { eventsOf } from '../harness/record.js';
import { type Fault, type Ground, signal, type Target } from './fault.js';
import { fleetGround } from './fleet-ground.js';
import { sshGround } from './ssh-ground.js';
import { WatchedSuites } from './suites.js';

/** What a run with one fault did. */
export interface SeededRun {
  /** Name of the fault. */
  readonly fault: string;
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
  readonly there: Target;
  /** How many suites have begun there before. */
  readonly begun: number;
  /** After the last of them has begun. */
  readonly afterMs: number;
  /** How long a fault lasts that can end. */
  readonly healsMs: number;
  /** Whether a second run goes on at the same time. */
  readonly beside: boolean;
}

const grounds = { ssh: sshGround, fleet: fleetGround } as const;

/** Two machines, and a project whose suites run there and here. */
export class FaultyRuns {
  readonly #place: Place;
  readonly #ground: Ground;
  readonly #suites: WatchedSuites;
  readonly #suitesBeside: WatchedSuites;
  #stock: Promise<readonly string[]> | undefined;

  private constructor(place: Place, ground: Ground) {
    this.#place = place;
    this.#ground = ground;
    this.#suites = new WatchedSuites(join(place.directory, 'watched'));
    this.#suitesBeside = new WatchedSuites(join(place.directory, 'watched-beside'));
  }

  /** @param way How the machines are reached. */
  static async open(way: keyof typeof grounds): Promise<FaultyRuns> {
    const place = await takePlace('faults', way);
    return new FaultyRuns(place, await grounds[way]());
  }

  async close(): Promise<void> {
    await this.#ground.close();
    this.#place.release();
  }

  /** Runs the project once, with the fault that follows from the seed. */
  async run(seed: number): Promise<SeededRun> {
    this.#stock ??= this.#testsOfStock();
    const expected = await this.#stock;
    const plan = this.#planOf(seed);
    // As if nothing had run before.
    const project = await this.#newProject('project', this.#suites);
    await this.#ground.renew(project);
    const beside = plan.beside ? this.#runBeside() : undefined;
    const temporary = mkdtempSync(join(tmpdir(), 'jrh-faults-'));
    const startedMs = performance.now();
    const start = () => startJest(project, ['-w', '2'], { ...limits, env: { TMPDIR: temporary } });
    const jest = await start();
    // Rejects where the run ends before.
    const heal = await this.#happen(plan, jest).catch(() => undefined);
    let run = await jest.ended;
    const tookMs = Math.round(performance.now() - startedMs);
    heal?.();
    const problems: string[] = [];
    if (plan.fault.endsRun && heal !== undefined) {
      problems.push(...leftHere(run));
      if (beside === undefined) problems.push(...(await this.#leftThere()));
      run = await (await start()).ended;
    }
    problems.push(...problemsOf(run, expected));
    if (beside !== undefined) {
      const problemsBeside = problemsOf(await beside, expected);
      problems.push(...problemsBeside.map((problem) => `of the run beside: ${problem}`));
    }
    problems.push(...(await this.#leftThere()));
    problems.push(...bridgeFolders(temporary).map((folder) => `left here: ${folder}`));
    rmSync(temporary, { recursive: true, force: true });
    return {
      fault: plan.fault.name,
      what: textOf(plan),
      hasHappened: heal !== undefined,
      ...countsOf(run),
      tookMs,
      problems,
    };
  }

  #planOf(seed: number): Plan {
    const random = randomFrom(seed);
    // The first numbers of seeds that are near each other are near each other too.
    for (let skipped = 0; skipped < 8; skipped += 1) random();
    const upTo = (most: number) => Math.floor(random() * most);
    const { machines, longestMs, isShared } = this.#ground;
    const faults = this.#ground.faults(() => this.#suites.pids());
    // Each as often as the others.
    const fault = faults[seed % faults.length] as Fault;
    const there = machines[upTo(machines.length)] as Target;
    const whileJoining = upTo(4) === 0;
    const begun = whileJoining ? 0 : 1 + upTo(3);
    const afterMs = upTo(whileJoining ? 2500 : 300);
    const healsMs = 500 + upTo(longestMs - 500);
    return { fault, there, begun, afterMs, healsMs, beside: isShared && upTo(3) === 0 };
  }

  #newProject(name: string, suites: WatchedSuites): Promise<Project> {
    suites.forget();
    return this.#ground.project(suites.files, join(this.#place.directory, name));
  }

  async #runBeside(): Promise<JestRun> {
    return runJest(await this.#newProject('beside', this.#suitesBeside), ['-w', '2'], limits);
  }

  /** Lets the fault happen. @returns Ends it, if that has not happened yet. */
  async #happen({ fault, there, begun, afterMs, healsMs }: Plan, jest: RunningJest): Promise<() => void> {
    await jest.until(() => this.#suites.begunAt(there.home) >= begun);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    let victims: readonly number[] = [];
    await jest.until(() => {
      victims = fault.victims?.(there) ?? [];
      return fault.victims === undefined || victims.length > 0;
    });
    fault.begin(there, victims, jest);
    let isHealed = false;
    const heal = () => {
      if (!isHealed) fault.heal?.(there, victims, jest);
      isHealed = true;
    };
    const timer = setTimeout(heal, healsMs);
    return () => {
      clearTimeout(timer);
      heal();
    };
  }

  async #testsOfStock(): Promise<readonly string[]> {
    const { files } = this.#suites;
    this.#suites.forget();
    const directory = join(this.#place.directory, 'project');
    const project = await useProject('bare', { runner: 'stock', files, directory });
    return testsOf(await runJest(project, ['-w', '2']));
  }

  /** What is left on the machines a while after the end. It is removed for the next run. */
  async #leftThere(): Promise<readonly string[]> {
    const { machines, freeMs } = this.#ground;
    const left = () =>
      machines.flatMap((there) =>
        [...there.pids().map((pid) => `still running: ${pid} ${commandOf(pid)}`), ...there.left()].map(
          (each) => `${there.name}: ${each}`,
        ),
      );
    const deadline = Date.now() + freeMs;
    // Their links are in this process, which is busy while it looks.
    const isBusy = () => machines.some((there) => there.pids().length > 0) || left().length > 0;
    while (isBusy() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 1000));
    const found = left();
    for (const there of machines) signal(there.pids(), 'SIGKILL');
    return found;
  }
}

const limits = { timeoutMs: 90_000, graceMs: 2000 } as const;

function textOf({ fault, there, begun, afterMs, healsMs, beside }: Plan): string {
  const heals = fault.heal === undefined ? '' : `, until ${healsMs} ms later`;
  return `${there.name}: ${fault.name}, ${afterMs} ms after ${begun} suites had begun there${heals}${beside ? '; another run beside' : ''}`;
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
  const problems = leftHere(run);
  if (run.exitCode !== 0) problems.push(`exit code ${run.exitCode}, ${run.signal}: ${run.stderr}`);
  if (found.length === 0) return [...problems, 'no results'];
  problems.push(...expected.filter((test) => !found.includes(test)).map((test) => `missing: ${test}`));
  problems.push(...found.filter((test) => !expected.includes(test)).map((test) => `not in stock: ${test}`));
  if (found.length !== expected.length) problems.push(`${found.length} tests instead of ${expected.length}`);
  const suites = eventsOf(run.record, 'suite-queued').map(({ suite }) => suite.id);
  const ends = eventsOf(run.record, 'suite-ended').filter(({ status }) => !/lost|cancelled/.test(status));
  for (const id of suites) {
    const count = ends.filter(({ suiteId }) => suiteId === id).length;
    if (count !== 1) problems.push(`${id} has ${count} results in the record: ${whatHappenedTo(id, run)}`);
  }
  return problems;
}

/** The record's events of a suite. */
function whatHappenedTo(suiteId: string, { record }: JestRun): string {
  return record
    .filter((event) => 'suiteId' in event && event.suiteId === suiteId)
    .map((event) => JSON.stringify(event))
    .join(', ');
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return 'which has ended now';
  }
}

function leftHere({ leftOver }: JestRun): string[] {
  return leftOver.map(({ command }) => `still running here: ${command}`);
}

/** One line for each test of each result in `--json`, so that a suite with two results has its lines twice. */
function testsOf(run: JestRun): readonly string[] {
  return (run.json?.testResults ?? []).flatMap((suite: Json) =>
    suite.assertionResults.map(
      (test: Json) => `${inProject(run.project, suite.name)}: ${test.fullName}, ${test.status}`,
    ),
  );
}
