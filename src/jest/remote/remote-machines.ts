import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Config } from '@jest/types';
import type { ConnectConfig } from '../../config/connect.js';
import type { RemoteMachineConfig, SyncConfig } from '../../config/machines.js';
import type { Happening } from '../../core/events.js';
import type { Machine } from '../../core/machine/machine.js';
import { printable } from '../../core/vocabulary/printable.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { mostReasonCharacters, type SetAsideParams, type WorkerNotice } from '../../remote/protocol.js';
import { syncOf } from '../../remote/reach.js';
import { type Joined, RemoteMachine, type RemoteMachineOptions } from '../../remote/remote-machine.js';
import { type WorkingTree, workingTree } from '../../sync/working-tree.js';
import { Unreachable } from '../../transport/transport.js';
import { checkedProjects } from './checked-answer.js';
import { configDifferences } from './config-differences.js';
import { couldRunAny } from './could-run.js';
import { DeviceNews, deviceNeedsOf } from './device-news.js';
import type { Fleet } from './fleet.js';
import { joinOptions, type OtherWay, type RunOnMachines } from './join-options.js';
import { type KeptMachine, keepMachine, takeMachine } from './kept-machines.js';
import { moved } from './moved.js';

export interface RemoteMachinesOptions extends RunOnMachines {
  readonly machines: readonly RemoteMachineConfig[];
  /** What all of them are sent beside what git does not ignore. */
  readonly sync: SyncConfig | undefined;
  /** The fleet that takes part; undefined: none. */
  readonly connect: ConnectConfig | undefined;
  /** Whether other programs count that take memory of devices. */
  readonly heedsOthers: boolean;
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

/** A machine that keeps by itself, for all runs, which of its devices runs have set aside. */
export interface DeviceKeeper {
  /** What its fleet calls it. */
  readonly name: string;
  /** @param evidence As the end of a sentence about the device. */
  keep(deviceId: string, evidence: string): void;
}

/** One of the machines, and how it joins. */
interface Member {
  readonly config: RemoteMachineConfig;
  readonly options: RemoteMachineOptions;
  /** What an earlier run of watch mode has left connected. */
  readonly kept: KeptMachine | undefined;
  /** What a fleet calls it, whose other runs use it too, so that no run keeps it for the next. Undefined: it is this run's alone. */
  readonly fleetName: string | undefined;
  remote: RemoteMachine;
  joining: Promise<boolean>;
  /** It was lost, or did not join, or waits until others do not use it any more: it keeps none of the fleet's out of the run. */
  isOut: boolean;
}

const runHasEnded = new Error('the run has ended');

/** The other machines of a run: they join while it goes on, and may be lost. */
export class RemoteMachines {
  readonly #options: RemoteMachinesOptions;
  readonly #members: Member[];
  readonly #joined = new Map<string, Joint>();
  /** By name of the machine. */
  readonly #news = new Map<string, DeviceNews>();
  /** Machines that are told to end. */
  readonly #leaving = new Set<string>();
  /** Aborted when the run wants nothing more of the machines. */
  readonly #left = new AbortController();
  /** Aborted when they are not to join any more. */
  readonly #givenUp = new AbortController();
  readonly #tree: Promise<WorkingTree>;
  #fleet: Fleet | undefined;
  #enteringFleet: Promise<void> | undefined;

  /** @throws UsageError for a machine that cannot be meant. */
  constructor(options: RemoteMachinesOptions) {
    this.#options = options;
    const { machines, sync, globalConfig } = options;
    const { signal } = this.#givenUp;
    this.#tree = workingTree(globalConfig.rootDir, { ...syncOf(machines, sync), signal });
    this.#tree.catch(() => {});
    this.#members = machines.map((machine) => this.#memberOf(machine));
    const names = this.#members.map(({ remote }) => remote.name);
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
    for (const member of this.#members) this.#ask(member);
    const { connect } = this.#options;
    if (connect !== undefined) this.#enteringFleet = this.#enterFleet(connect);
  }

  #ask(member: Member): void {
    const { name, address } = member.remote;
    this.#options.tell({ type: 'machine-awaited', machine: name, address });
    member.joining = this.#join(member);
  }

  /** Loaded only where there is one. */
  async #enterFleet(connect: ConnectConfig): Promise<void> {
    const { tell, say } = this.#options;
    const { Fleet } = await import('./fleet.js');
    this.#fleet = new Fleet({
      connect,
      tree: this.#tree,
      left: this.#left.signal,
      injector: this.#options.injector,
      isWanted: (machine, workers) => this.#isWanted(machine, workers),
      join: (way, workers) => {
        const config = { ssh: way.transport.address, ...(workers !== undefined && { workers }) };
        const member = this.#memberOf(config, way);
        this.#members.push(member);
        this.#ask(member);
      },
      tell,
      say,
    });
    await this.#fleet.begin();
  }

  /** Whether a suite could run there, and there are not as many machines as suites. */
  #isWanted(machine: Machine, workers: number | undefined): boolean {
    const { profiles } = this.#options;
    return (
      this.#members.filter(({ isOut }) => !isOut).length < profiles.length &&
      couldRunAny(machine, workers, profiles)
    );
  }

  /** The machine of this name, if it is another one that takes part. */
  joint(name: string): Joint | undefined {
    return this.#joined.get(name);
  }

  /** See {@link DeviceKeeper}; undefined: it is no machine of a fleet. */
  keeperOf(machine: string): DeviceKeeper | undefined {
    const member = this.#members.find(({ remote }) => remote.name === machine);
    if (member?.fleetName === undefined) return undefined;
    const { fleetName, remote } = member;
    return {
      name: fleetName,
      keep(deviceId, evidence) {
        const reason = evidence.slice(0, mostReasonCharacters);
        remote.notify('set-aside', { deviceId, reason } satisfies SetAsideParams);
      },
    };
  }

  /** Ends what runs on the machines without waiting. Synchronous, so that it works while this process exits. */
  abandon(): void {
    this.#end();
    this.#givenUp.abort(runHasEnded);
    for (const { remote } of this.#members) remote.abandon();
    this.#fleet?.abandon();
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

  /**
   * Ends what runs on the machines. In watch mode they stay connected for the next run, and those that have not joined yet
   * go on joining for it.
   * @param gently Lets Jest there tear down what it has set up.
   */
  async leave(gently: boolean): Promise<void> {
    const { watch, watchAll } = this.#options.globalConfig;
    this.#end();
    const isKept = ({ fleetName }: Member) => (watch || watchAll) && fleetName === undefined;
    const kept = this.#members.filter(isKept);
    const resting = kept.map((member) => this.#keep(member));
    await Promise.all(kept.map(({ remote }, index) => remote.wasUsed && resting[index]));
    if (kept.length === 0) this.#givenUp.abort(runHasEnded);
    await this.#enteringFleet;
    const others = this.#members.filter((member) => !isKept(member));
    await Promise.all(others.map(({ joining }) => joining));
    await Promise.all(others.map(({ remote }) => remote.leave(gently && this.#joined.has(remote.name))));
    await this.#fleet?.close();
  }

  #end(): void {
    this.#left.abort(runHasEnded);
  }

  async #keep(member: Member): Promise<void> {
    const { config, remote, joining } = member;
    const ready = joining.then((hasJoined) => hasJoined && remote.rest());
    keepMachine(config, remote, ready, () => this.abandon());
    await ready;
  }

  /** Over the connection of the last run, if there is one. */
  async #joinAgain(member: Member): Promise<Joined> {
    const { kept, options } = member;
    const { signal } = member.fleetName !== undefined ? this.#left : this.#givenUp;
    if (kept === undefined) return member.remote.join(signal);
    const isThere = await kept.ready;
    if (isThere) {
      try {
        member.remote.nextRun(options);
        return await member.remote.join(signal);
      } catch (error) {
        const { name, lostBecause } = member.remote;
        if (lostBecause === undefined || signal.aborted) throw error;
        const lost = `${name} was lost since the last run: ${lostBecause}`;
        this.#options.say(`jest-runner-hardware: ${printable(lost)}; it is connected anew`);
      }
    }
    member.remote = new RemoteMachine(options);
    return member.remote.join(signal);
  }

  /** @returns Whether it has joined. */
  async #join(member: Member): Promise<boolean> {
    const { tell, say } = this.#options;
    const { name } = member.remote;
    try {
      const { machine, slots, prepared, tookMs } = await this.#joinAgain(member);
      const { root: here, treeId } = await this.#tree;
      const { remote } = member;
      if (this.#left.signal.aborted) return true;
      const left = once(this.#left.signal, 'abort');
      const lost = remote.lost.then((reason) => this.#lose(name, reason));
      this.#joined.set(name, { remote, there: prepared.root, here, gone: Promise.race([lost, left]) });
      member.isOut = false;
      tell({ type: 'machine-known', machine });
      this.#news.get(name)?.begin(machine.devices);
      for (const slot of slots) tell({ type: 'slot-up', slot });
      tell({ type: 'machine-settled', machine: name, treeId, tookMs });
      return true;
    } catch (error) {
      if (this.#left.signal.aborted) return false;
      // A problem of several lines is told in one.
      const message = (error as Error).message.replace(/[\s;]*\n[\s;]*/g, '; ').replace(/ {2,}/g, ' ');
      const isUnreachable = error instanceof Unreachable;
      const problem = isUnreachable ? `${name} ${message}` : `${name} cannot take part: ${message}`;
      const remedy = isUnreachable && error.remedy !== undefined ? `\n  remedy: ${error.remedy}` : '';
      say(`jest-runner-hardware: ${printable(problem)}; the run goes on without it${remedy}`);
      tell({ type: 'machine-settled', machine: name, problem });
      this.#doWithout(name);
      return false;
    } finally {
      member.kept?.unwatch();
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
    if (!this.#leaving.has(name)) this.#fleet?.letReturn(name);
    this.#doWithout(name);
  }

  /** Another machine of the fleet may take its place. */
  #doWithout(name: string): void {
    for (const member of this.#members) if (member.remote.name === name) member.isOut = true;
    this.#fleet?.reconsider();
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

  #memberOf(machine: RemoteMachineConfig, way?: OtherWay): Member {
    const { profiles, heedsOthers, say } = this.#options;
    const needs = deviceNeedsOf(profiles, heedsOthers);
    const options = joinOptions(
      machine,
      needs,
      this.#options,
      this.#tree,
      {
        onLead: (name, leadMs) => this.#tellJoined(name, { type: 'link-measured', machine: name, leadMs }),
        onNotice: (...heard) => this.#hear(...heard),
      },
      way,
    );
    const kept = way === undefined ? takeMachine(machine) : undefined;
    const remote = kept?.remote ?? new RemoteMachine(options);
    const tell = (happening: Happening) => this.#tellJoined(remote.name, happening);
    this.#news.set(remote.name, new DeviceNews({ machine: remote.name, needs, tell, say }));
    return {
      config: machine,
      options,
      kept,
      fleetName: way?.fleetName,
      remote,
      joining: Promise.resolve(false),
      isOut: way?.isInUse === true,
    };
  }

  /** @param move Moves paths there to where they are here. */
  #hear(name: string, { name: kind, payload }: WorkerNotice, move: <Value>(value: Value) => Value): void {
    if (kind === 'output') process[payload.stream].write(move(payload.text));
    else if (kind === 'ready') this.#compareConfigs(name, move(checkedProjects(payload).configs));
    else if (kind === 'told') this.#news.get(name)?.hear(payload.name, payload.payload);
    else if (kind === 'leaving') {
      this.#leaving.add(name);
      const reason = 'is told to end, so what runs there may end and nothing more starts';
      this.#tellJoined(name, { type: 'set-aside', machine: name, reason });
    } else if (kind === 'progress')
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
