import { type Machine, type Slot, slotsToOffer } from '../core/machine/machine.js';
import type { WorkingTree } from '../sync/working-tree.js';
import { type CallOptions, type Connection, ConnectionLost, type Transport } from '../transport/transport.js';
import { ask, checkedNotice, lateOutcome } from './ask.js';
import { bringFiles, type FilesToBring } from './bring-files.js';
import { Detection } from './detection.js';
import { LeadEstimate, LinkWatch } from './link-watch.js';
import { measureRoundTrip } from './measure-link.js';
import type { DetectParams, Prepared, RunParams, StartParams, WorkerNotice } from './protocol.js';
import type { QueuedOutcome } from './task-queues.js';

export interface RemoteMachineOptions extends FilesToBring {
  readonly transport: Transport;
  readonly detect: Omit<DetectParams, 'name'>;
  /** How many tasks run there at once; left out: one for each CPU thread, and one for each accelerator. */
  readonly workers?: number;
  /** For how many seconds this process may be busy and say nothing; left out: not at all. */
  readonly busySeconds?: number;
  /** What runs the tasks. */
  program(machine: Machine, slots: readonly Slot[], tree: WorkingTree, prepared: Prepared): StartParams;
  /** May throw for one that cannot be meant: the machine is lost then. */
  onNotice(notice: WorkerNotice): void;
  /** Called when the way has become slower or faster, with what {@link Slot.leadMs} is from now on. */
  onLead(leadMs: number): void;
}

/** A machine that has joined the run. */
export interface Joined {
  readonly machine: Machine;
  readonly slots: readonly Slot[];
  readonly prepared: Prepared;
  /**
   * Ms for connecting and detecting, for sending what was missing then, and for checking out, setting up and starting the
   * program after both.
   */
  readonly tookMs: { readonly connect: number; readonly send: number; readonly prepare: number };
}

export interface TaskOptions extends Omit<CallOptions, 'onLate'> {
  /** See {@link CallOptions}. */
  onLate?(answer: QueuedOutcome): void;
  /** Tasks of one queue run there one after another, in the order in which they are sent. */
  readonly queue: string;
  /** An abort takes the task back, unless it has started there. */
  readonly recall?: AbortSignal;
}

/** Another machine, as the run sees it: it joins, runs tasks, and may be lost. */
export class RemoteMachine {
  readonly name: string;
  readonly address: string;
  #options: RemoteMachineOptions;
  /** Why it was lost; resolves when that happens, never before a connection is there. */
  readonly lost: Promise<string>;
  #connection: Connection | undefined;
  #link: LinkWatch | undefined;
  readonly #detection = new Detection();
  #nextNumber = 1;
  /** Tasks that it has not answered for. */
  #outstanding = 0;
  #wasUsed = false;
  #lostBecause: string | undefined;
  #resolveLost: (reason: string) => void = () => {};

  constructor(options: RemoteMachineOptions) {
    this.#options = options;
    this.name = options.transport.name;
    this.address = options.transport.address;
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve;
    });
  }

  /** Why it was lost, if it was. */
  get lostBecause(): string | undefined {
    return this.#lostBecause;
  }

  /** What a further run wants of it. Its transport is that of the first one. */
  nextRun(options: RemoteMachineOptions): void {
    this.#options = options;
    this.#wasUsed = false;
    this.#connection?.busyFor(options.busySeconds ?? 0);
  }

  /**
   * Connects, unless it is connected since an earlier run, and brings the project's files there. An abort gives up at once,
   * and so does a failure: nothing is left there.
   * @throws {Unreachable} when no worker comes up there; an `Error` for anything that is missing there.
   */
  async join(signal: AbortSignal): Promise<Joined> {
    const startedMs = performance.now();
    const connection = this.#connection ?? (await this.#connect(signal));
    const abandon = () => connection.abandon();
    signal.addEventListener('abort', abandon, { once: true });
    try {
      signal.throwIfAborted();
      const joined = await this.#joinOver(connection, startedMs, signal);
      if (this.#lostBecause !== undefined) throw new ConnectionLost(this.#lostBecause);
      return joined;
    } catch (error) {
      await connection.close();
      // What was going on then fails in ways of its own.
      throw this.#lostBecause === undefined ? error : new Error(this.#lostBecause, { cause: error });
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const onNotice = (name: string, payload: unknown) => this.#hear(name, payload);
    const connection = await this.#options.transport.connect({ onNotice }, signal);
    this.#connection = connection;
    if (this.#options.busySeconds !== undefined) connection.busyFor(this.#options.busySeconds);
    void connection.lost.then((reason) => this.#lose(reason));
    return connection;
  }

  async #joinOver(connection: Connection, startedMs: number, signal: AbortSignal): Promise<Joined> {
    const { detect, workers, program } = this.#options;
    const ended = async <Value>(work: Promise<Value>) => [await work, performance.now()] as const;
    // Its devices are looked for while the files travel.
    const [[machine, knownMs], { taken, prepared, sentMs }, roundTripMs] = await Promise.all([
      ended(this.#detection.machine(connection, { ...detect, name: this.name }, signal)),
      bringFiles(connection, this.name, this.#options, signal),
      measureRoundTrip(connection, questions),
    ]);
    const lead = new LeadEstimate(roundTripMs);
    const slots = slotsToOffer(machine, workers).map((slot) => ({ ...slot, leadMs: lead.leadMs }));
    this.#link = new LinkWatch(connection, lead, this.#options.onLead);
    await ask(connection, 'start', program(machine, slots, taken, prepared), { signal });
    const preparedMs = performance.now();
    return {
      machine,
      slots,
      prepared,
      tookMs: {
        connect: Math.round(knownMs - startedMs),
        send: Math.round(Math.max(0, sentMs - knownMs)),
        prepare: Math.round(preparedMs - Math.max(sentMs, knownMs)),
      },
    };
  }

  /** Runs one task. @throws {ConnectionLost} when the machine is gone. */
  async run(task: unknown, { queue, recall, onLate, ...options }: TaskOptions): Promise<QueuedOutcome> {
    const connection = this.#connection;
    if (connection === undefined) throw new ConnectionLost('it has not joined');
    const number = this.#nextNumber++;
    const takeBack = () => connection.notify('take-back', number);
    this.#outstanding++;
    this.#wasUsed = true;
    recall?.addEventListener('abort', takeBack, { once: true });
    const endTask = this.#link?.begin();
    try {
      const params: RunParams = { queue, number, task };
      const late = (answer: unknown) => {
        const outcome = lateOutcome(answer);
        if (outcome !== undefined) onLate?.(outcome);
      };
      const outcome = await ask(connection, 'run', params, { ...options, onLate: late });
      const isWanted = !recall?.aborted && !options.signal?.aborted;
      // Sent again it would say so again, without end.
      if (!outcome.started && isWanted) throw new Error('it says that it gave back what nobody took back');
      return outcome;
    } catch (error) {
      // Without its program a machine that answers is of no more use than one that does not.
      throw this.#lostBecause === undefined ? error : new ConnectionLost(this.#lostBecause);
    } finally {
      endTask?.();
      this.#outstanding--;
      recall?.removeEventListener('abort', takeBack);
    }
  }

  /** Tells it something; nothing where it is not connected. */
  notify(name: string, payload: unknown): void {
    this.#connection?.notify(name, payload);
  }

  /** Whether this run has sent it any task. */
  get wasUsed(): boolean {
    return this.#wasUsed;
  }

  /** Ends what this run has there, and stays connected for the next one. @returns False: it cannot, and was left. */
  async rest(): Promise<boolean> {
    try {
      const connection = this.#connection;
      if (connection === undefined || this.#outstanding > 0) throw new Error('tasks are going on there');
      await ask(connection, 'rest', null);
      connection.busyFor(0);
      return true;
    } catch {
      await this.leave(false);
      return false;
    }
  }

  /** Ends what runs there. @param gently Lets the program tear down what it has set up. */
  async leave(gently: boolean): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (gently) await connection.call('finish', null).catch(() => {});
    await connection.close();
  }

  /** Ends it without waiting. Synchronous, so that it works while this process exits. */
  abandon(): void {
    this.#connection?.abandon();
  }

  #hear(name: string, payload: unknown): void {
    try {
      const notice = checkedNotice(name, payload);
      if (notice === undefined) return;
      this.#options.onNotice(notice);
      if (notice.name === 'ended') this.#giveUp(notice.payload);
    } catch (error) {
      this.#giveUp((error as Error).message);
    }
  }

  /** Nothing more comes of it. */
  #giveUp(reason: string): void {
    this.#lose(reason);
    void this.#connection?.close();
  }

  #lose(reason: string): void {
    this.#lostBecause ??= reason;
    this.#resolveLost(this.#lostBecause);
  }
}

/** How often the way is measured; the shortest counts, as the machine may be busy. */
const questions = 3;
