import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { TestContext } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { RemoteMachineConfig, SyncConfig } from '../../config/machines.js';
import type { Happening } from '../../core/events.js';
import { printable } from '../../core/vocabulary/printable.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import { lazyProbesFor } from '../../detect/lazy-probes.js';
import { showsColors } from '../../host/colors.js';
import type { WorkerNotice } from '../../remote/protocol.js';
import { machineFileFor, syncOf, transportTo } from '../../remote/reach.js';
import { RemoteMachine } from '../../remote/remote-machine.js';
import { type WorkingTree, workingTree } from '../../sync/working-tree.js';
import { Unreachable } from '../../transport/transport.js';
import { checkedProjects } from './checked-answer.js';
import { configDifferences } from './config-differences.js';
import { DeviceNews, deviceNeedsOf } from './device-news.js';
import { jestStart } from './jest-start.js';
import { moved } from './moved.js';
import { nodeArgs } from './node-args.js';
import type { ServedSetup } from './protocol.js';
import { runFlags } from './run-flags.js';

export interface RemoteMachinesOptions {
  readonly machines: readonly RemoteMachineConfig[];
  /** What all of them are sent beside what git does not ignore. */
  readonly sync: SyncConfig | undefined;
  readonly globalConfig: Config.GlobalConfig;
  readonly contexts: readonly TestContext[];
  /** Which files are covered where only changed ones are. */
  readonly context: TestRunnerContext;
  /** Of the suites that are to run. */
  readonly profiles: readonly WorkloadProfile[];
  readonly fast: boolean;
  /** See the option `heat`. */
  readonly heat: boolean;
  /** Whether other programs count that take memory of devices. */
  readonly heedsOthers: boolean;
  /** This process runs suites itself, and may be busy with one for long. */
  readonly inBand: boolean;
  tell(happening: Happening): void;
  say(message: string): void;
}

/** Where a machine's files are, and where they came from. */
export interface Joint {
  readonly remote: RemoteMachine;
  /** Top of the repository there, and here. */
  readonly there: string;
  readonly here: string;
  /** Resolves when the run has been told that the machine was lost, or does not want it any more. */
  readonly gone: Promise<unknown>;
}

/** How long a suite in band may keep a coordinator from saying that it lives; see {@link ChannelOptions.busySeconds}. */
const inBandBusySeconds = 600;

/** The other machines of a run: they join while it goes on, and may be lost. */
export class RemoteMachines {
  readonly #options: RemoteMachinesOptions;
  readonly #remotes: readonly RemoteMachine[];
  readonly #joined = new Map<string, Joint>();
  /** By name of the machine. */
  readonly #news = new Map<string, DeviceNews>();
  readonly #left = new AbortController();
  readonly #joining: Promise<unknown>[] = [];
  readonly #tree: Promise<WorkingTree>;

  /** @throws UsageError for a machine that cannot be meant. */
  constructor(options: RemoteMachinesOptions) {
    this.#options = options;
    const { machines, sync, globalConfig } = options;
    this.#tree = workingTree(globalConfig.rootDir, { ...syncOf(machines, sync), signal: this.#left.signal });
    this.#tree.catch(() => {});
    this.#remotes = machines.map((machine) => this.#remoteOf(machine));
    const names = this.#remotes.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new UsageError({
        message: `two machines are called ${twice}`,
        remedy: "give one of them another `name`: { name: 'second', ssh: '…' }",
      });
    }
  }

  /** Announces the machines and lets them join. Those that cannot are named, and the run goes on without them. */
  begin(): void {
    for (const remote of this.#remotes) {
      this.#options.tell({ type: 'machine-awaited', machine: remote.name, address: remote.address });
      this.#joining.push(this.#join(remote));
    }
  }

  /** The machine of this name, if it is another one that takes part. */
  joint(name: string): Joint | undefined {
    return this.#joined.get(name);
  }

  /** Ends what runs on the machines without waiting. Synchronous, so that it works while this process exits. */
  abandon(): void {
    this.#left.abort(new Error('the run has ended'));
    for (const remote of this.#remotes) remote.abandon();
  }

  /** Tells of a result of an attempt that had been given up. It counts for nothing. */
  dropLate(machine: string, late: Omit<Extract<Happening, { type: 'late-result' }>, 'type'>): void {
    if (this.#left.signal.aborted) return;
    const { say, tell } = this.#options;
    say(
      `jest-runner-hardware: a result of ${late.suiteId} came after ${machine} was lost, and does not count`,
    );
    tell({ type: 'late-result', ...late });
  }

  /** Ends what runs on the machines. @param gently Lets Jest there tear down what it has set up. */
  async leave(gently: boolean): Promise<void> {
    this.#left.abort(new Error('the run has ended'));
    await Promise.all(this.#joining);
    await Promise.all(this.#remotes.map((remote) => remote.leave(gently && this.#joined.has(remote.name))));
  }

  async #join(remote: RemoteMachine): Promise<void> {
    const { tell, say } = this.#options;
    const { name } = remote;
    try {
      const { machine, slots, prepared, tookMs } = await remote.join(this.#left.signal);
      const { root: here, treeId } = await this.#tree;
      if (this.#left.signal.aborted) return;
      const left = once(this.#left.signal, 'abort');
      const lost = remote.lost.then((reason) => this.#lose(name, reason));
      this.#joined.set(name, { remote, there: prepared.root, here, gone: Promise.race([lost, left]) });
      tell({ type: 'machine-known', machine });
      this.#news.get(name)?.begin(machine.devices);
      for (const slot of slots) tell({ type: 'slot-up', slot });
      tell({ type: 'machine-settled', machine: name, treeId, tookMs });
    } catch (error) {
      if (this.#left.signal.aborted) return;
      // A problem of several lines is told in one.
      const message = (error as Error).message.replace(/[\s;]*\n[\s;]*/g, '; ').replace(/ {2,}/g, ' ');
      const isUnreachable = error instanceof Unreachable;
      const problem = isUnreachable ? `${name} ${message}` : `${name} cannot take part: ${message}`;
      const remedy = isUnreachable && error.remedy !== undefined ? `\n  remedy: ${error.remedy}` : '';
      say(`jest-runner-hardware: ${printable(problem)}; the run goes on without it${remedy}`);
      tell({ type: 'machine-settled', machine: name, problem });
    }
  }

  #lose(name: string, reason: string): void {
    if (this.#left.signal.aborted) return;
    const joint = this.#joined.get(name);
    this.#joined.delete(name);
    const moves = joint === undefined ? reason : moved(reason, joint.there, joint.here);
    const lost = `${name} was lost: ${moves}${unsentModule(moves)}`;
    this.#options.say(`jest-runner-hardware: ${printable(lost)}`);
    this.#options.tell({ type: 'machine-lost', machine: name, reason: lost });
  }

  /** Of a machine that does not take part any more nothing is told. */
  #tellJoined(name: string, happening: Happening): void {
    if (this.#joined.has(name) && !this.#left.signal.aborted) this.#options.tell(happening);
  }

  /** Suites there run by the config there. Names what differs; flags of this run do not, as they were sent. */
  #compareConfigs(name: string, configs: readonly Config.ProjectConfig[]): void {
    const here = this.#options.contexts.map(({ config }) => config);
    for (const difference of configDifferences(here, configs))
      this.#options.say(`jest-runner-hardware: ${printable(`${name}: ${difference}`)}`);
  }

  #remoteOf(machine: RemoteMachineConfig): RemoteMachine {
    const { globalConfig, contexts, context, profiles, fast, heat, heedsOthers, inBand, say } = this.#options;
    const transport = transportTo(machine, 'option machines', {
      ...(inBand && { busySeconds: inBandBusySeconds }),
    });
    const { name } = transport;
    const env = Object.fromEntries(
      (machine.env ?? []).flatMap((variable) => {
        const value = process.env[variable];
        return value === undefined ? [] : [[variable, value]];
      }),
    );
    const configs = contexts.map(({ config }) => config);
    const workers = machine.workers ?? (globalConfig.runInBand ? 1 : undefined);
    const needs = deviceNeedsOf(profiles, heedsOthers);
    const tell = (happening: Happening) => this.#tellJoined(name, happening);
    this.#news.set(name, new DeviceNews({ machine: name, needs, tell, say }));
    const places = { there: '', here: '' };
    return new RemoteMachine({
      transport,
      detect: {
        classes: [...new Set(profiles.flatMap(({ hardware }) => hardware.map((need) => need.class)))],
        lazy: lazyProbesFor(profiles),
        ...(needs.some(({ minMemoryBytes }) => minMemoryBytes > 0) && { takenMemory: true }),
        ...(machine.python !== undefined && { python: machine.python }),
        ...(machine.machine !== undefined && {
          machineFile: machineFileFor(machine.machine, globalConfig.rootDir),
        }),
      },
      tree: this.#tree,
      prepare: { env, ...(machine.setup !== undefined && { setup: machine.setup }) },
      // In band one suite runs at a time, on each machine.
      ...(workers !== undefined && { workers }),
      program: (found, slots, { root }, prepared) => {
        Object.assign(places, { there: prepared.root, here: root });
        const count = slots[0]?.machineWorkers ?? 1;
        const setup: ServedSetup = {
          machine: found,
          workers: count,
          fast,
          flags: runFlags(globalConfig, configs),
          sensed: { heat, needs },
          context: Object.fromEntries(
            Object.entries(context).flatMap(([key, paths]) => (paths ? [[key, [...paths]]] : [])),
          ),
        };
        const { directory, args } = jestStart(process.argv.slice(2), process.cwd(), root, globalConfig);
        return {
          directory,
          nodeArgs: nodeArgs(process, root, directory),
          module: 'jest/bin/jest',
          args: [...args, `--maxWorkers=${count}`],
          env: { ...env, ...(showsColors(process.stderr) && { FORCE_COLOR: '1' }) },
          setup: moved(setup, root, prepared.root),
          lazy: [globalConfig, ...configs].some(
            (each) => each.globalSetup != null || each.globalTeardown != null,
          ),
        };
      },
      onLead: (leadMs) => tell({ type: 'link-measured', machine: name, leadMs }),
      onNotice: (notice) => this.#hear(name, notice, (value) => moved(value, places.there, places.here)),
    });
  }

  /** @param move Moves paths there to where they are here. */
  #hear(name: string, { name: kind, payload }: WorkerNotice, move: <Value>(value: Value) => Value): void {
    if (kind === 'output') process[payload.stream].write(move(payload.text));
    else if (kind === 'ready') this.#compareConfigs(name, move(checkedProjects(payload).configs));
    else if (kind === 'told') this.#news.get(name)?.hear(payload.name, payload.payload);
    else if (kind === 'progress')
      this.#options.say(`jest-runner-hardware: ${printable(`${name} ${payload}`)}`);
  }
}

/** What to do about a module that is here, and was not sent. */
function unsentModule(reason: string): string {
  const [, name, from = name] = missingModule.exec(reason) ?? [];
  if (name === undefined || from === undefined) return '';
  try {
    return `; ${createRequire(from).resolve(name)} is here, but git ignores it: name it in the option sync`;
  } catch {
    return '';
  }
}

/** As Node.js says it of a path. */
const missingModule = /Cannot find module '([./].*?)'(?:\s+Require stack:\s+- (.+))?/;
