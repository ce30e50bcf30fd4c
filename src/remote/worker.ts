import { delimiter, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Machine } from '../core/machine/machine.js';
import { type Checkout, checkOut, type PathChange } from '../sync/check-out.js';
import { cleanCache } from '../sync/clean-cache.js';
import { fetchFromRemote } from '../sync/git-remote.js';
import { setUp } from '../sync/setup.js';
import { hasTree, prepareCache, pruneCacheDaily } from '../sync/tree-cache.js';
import type { Call, Handlers } from '../transport/transport.js';
import { detectHere, memoryTakenOn } from './detect-here.js';
import { examine } from './examine.js';
import type { Turn } from './fair-turns.js';
import { IncomingPack } from './incoming-pack.js';
import { Program } from './program.js';
import type {
  CleanParams,
  DetectParams,
  ExamineParams,
  FetchParams,
  PrepareParams,
  RunParams,
  StartParams,
  WorkerCalls,
  WorkerNotice,
} from './protocol.js';
import { TaskQueues } from './task-queues.js';

const tuning = {
  /** Kubernetes and spot instances of most clouds kill 30 s after they have said so. */
  graceMs: 20_000,
  /** Longer than a task is on its way; one that comes later is lost with the machine, and started elsewhere. */
  onTheWayMs: 500,
} as const;

export interface WorkerOptions {
  /** Where it keeps checkouts and objects. */
  readonly root: string;
  /** Waits until other runs let the first task of a queue start; left out: there are none. */
  takeTurn?(queue: string): Turn;
  /** No task may run longer, ms; left out: as long as it likes. */
  readonly longestTaskMs?: number;
  notify<Name extends WorkerNotice['name']>(
    name: Name,
    payload: Extract<WorkerNotice, { name: Name }>['payload'],
  ): void;
}

/** The far side of a run: holds the project's files as the coordinator has them, and runs its tasks there. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #queues: TaskQueues;
  #detecting: Promise<Machine> | undefined;
  #checkout: Checkout | undefined;
  #start: (() => Program) | undefined;
  #started: StartParams | undefined;
  #program: Program | undefined;
  /** What differs since the program was last told; undefined: what it has loaded may be another now. */
  #changes: PathChange[] | undefined = [];
  readonly #pack = new IncomingPack();
  /** Tasks that run or wait here. */
  readonly #tasks = new Set<Promise<unknown>>();

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#queues = new TaskQueues(options.takeTurn);
    // A shell that is not interactive may not know where the Node.js is that runs this; `npm` lies beside it.
    process.env['PATH'] = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  }

  get handlers(): { readonly [Name in keyof WorkerCalls]: Handlers[string] } {
    return {
      detect: (params: DetectParams) => this.#detect(params),
      cache: ({ treeId }: { readonly treeId: string }) => this.#cache(treeId),
      fetchTree: ({ treeId, remote }: FetchParams, { signal }: Call) =>
        fetchFromRemote(this.#options.root, treeId, remote, signal),
      receivePack: (_params: null, call: Call) => this.#pack.receive(this.#options.root, call),
      prepare: (params: PrepareParams, call: Call) => this.#prepare(params, call.signal),
      start: (params: StartParams) => this.#startProgram(params),
      run: ({ task, ...place }: RunParams, call: Call) =>
        this.#counted(this.#queues.run(place, call.signal, () => this.#run(task, call))),
      ping: async () => null,
      rest: async () => this.#rest(),
      finish: async () => this.#program?.finish(),
      examine: (params: ExamineParams) => examine(params, this.#options.root),
      clean: (params: CleanParams) => cleanCache(this.#options.root, params),
    };
  }

  onNotice(name: string, payload: unknown): void {
    if (name === 'receive-pack-input') this.#pack.input(payload as string | null);
    else if (name === 'take-back') this.#queues.takeBack(payload as number);
  }

  /**
   * Asks for no further tasks, and lets those that run here end, and what they need tear down, for a while. The coordinator then
   * closes the connection, and starts elsewhere what has not ended.
   */
  async leave(): Promise<void> {
    const { notify } = this.#options;
    notify('leaving', null);
    const left = async () => {
      // What was on its way when the coordinator heard of it comes, too.
      await setTimeout(tuning.onTheWayMs);
      while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
      await this.#program?.finish();
    };
    await Promise.race([left(), setTimeout(tuning.graceMs)]);
    notify('ended', 'it was told to end (SIGTERM)');
  }

  /** Ends all that it started, at once. Synchronous. */
  kill(): void {
    this.#program?.kill();
    this.#checkout?.release();
  }

  async #detect(params: DetectParams): Promise<Machine> {
    const { root, notify } = this.#options;
    this.#detecting = detectHere(params, root);
    const machine = await this.#detecting;
    if (params.takenMemory) {
      for (const payload of await memoryTakenOn(machine, params.classes))
        notify('told', { name: 'device-memory', payload });
    }
    return machine;
  }

  async #counted<Answer>(task: Promise<Answer>): Promise<Answer> {
    this.#tasks.add(task);
    try {
      return await task;
    } finally {
      this.#tasks.delete(task);
    }
  }

  async #cache(treeId: string) {
    const { root } = this.#options;
    return { repository: await prepareCache(root), hasTree: await hasTree(root, treeId) };
  }

  async #prepare({ project, treeId, prefix, setup, env }: PrepareParams, signal: AbortSignal) {
    const { root: cacheDirectory, notify } = this.#options;
    const held = this.#checkout;
    const checkout = await checkOut({
      cacheDirectory,
      projectKey: project,
      treeId,
      prefix,
      signal,
      ...(held && { held }),
    });
    if (checkout === undefined)
      throw new Error('the working state was removed from the cache; start the run again');
    this.#checkout = checkout;
    const isOther = held !== undefined && held.root !== checkout.root;
    if (isOther) held.release();
    if (isOther || checkout.isNew) this.#changes = undefined;
    this.#changes?.push(
      ...checkout.changes.map(({ path, change }) => ({ path: join(checkout.root, path), change })),
    );
    // What is detected does not depend on them.
    await this.#detecting?.catch(() => {});
    Object.assign(process.env, env);
    const onStart = (command: string) => notify('progress', `runs \`${command}\` for its dependencies`);
    const plan = setup === false ? undefined : await setUp(checkout, { command: setup, signal, onStart });
    if (plan !== undefined) this.#changes = undefined;
    // Nobody waits for it, and who is killed meanwhile has lost nothing.
    void pruneCacheDaily(cacheDirectory, signal).catch(() => {});
    return { root: checkout.root, hasSetUp: plan !== undefined };
  }

  async #startProgram(params: StartParams): Promise<void> {
    const root = this.#checkout?.root;
    if (root === undefined) throw new Error('there is no checkout yet');
    const { notify } = this.#options;
    if (await this.#goesOn(params)) return;
    this.#program?.discard();
    this.#program = undefined;
    this.#started = params;
    this.#changes = [];
    this.#start = () =>
      new Program({
        ...params,
        root,
        onOutput: (stream, text) => notify('output', { stream, text }),
        onTold: (name, payload) => notify('told', { name, payload }),
        onReady: (answer) => notify('ready', answer),
        onEnded: (reason) => notify('ended', reason),
      });
    if (!params.lazy) this.#program = this.#start();
  }

  /** Whether the program of the last run serves this one, too. */
  async #goesOn({ setup, ...params }: StartParams): Promise<boolean> {
    const changes = this.#changes;
    if (this.#program === undefined || this.#started === undefined || changes === undefined) return false;
    const { setup: _, ...started } = this.#started;
    if (!isDeepStrictEqual(params, started)) return false;
    this.#changes = [];
    return this.#program.renew({ setup, changes });
  }

  async #rest(): Promise<void> {
    const program = this.#program;
    if (this.#started?.lazy !== true) return program?.rest();
    // What it has set up is torn down at the end of each run.
    this.#program = undefined;
    await program?.finish();
  }

  async #run(task: unknown, call: Call): Promise<unknown> {
    try {
      this.#program ??= this.#start?.();
    } catch (error) {
      this.#options.notify('ended', (error as Error).message);
      throw error;
    }
    if (this.#program === undefined) throw new Error('no program was named');
    return this.#inTime(this.#program, task, call);
  }

  async #inTime(program: Program, task: unknown, call: Call): Promise<unknown> {
    const { longestTaskMs } = this.#options;
    if (longestTaskMs === undefined) return program.run(task, call);
    const limit = AbortSignal.timeout(longestTaskMs);
    const answer = await program.run(task, { ...call, signal: AbortSignal.any([call.signal, limit]) });
    if (!limit.aborted || call.signal.aborted) return answer;
    throw new Error(`no suite may take longer than ${longestTaskMs / 1000} s there`);
  }
}
