import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { GroupGuard } from '../host/group-guard.js';
import { Channel } from '../transport/channel.js';
import { type Call, ConnectionLost } from '../transport/transport.js';
import { beginLine, channelDescriptor, channelVariable, type Renewal, type StartParams } from './protocol.js';

export interface ProgramOptions extends StartParams {
  /** Top of the checkout. */
  readonly root: string;
  onOutput(stream: 'stdout' | 'stderr', text: string): void;
  /** Called with its answer to the setup. */
  onReady(answer: unknown): void;
  /** Called with what it tells without being asked. */
  onTold(name: string, payload: unknown): void;
  /** Called when it can run no tasks any more although nobody asked it to finish, before its tasks fail. */
  onEnded(reason: string): void;
}

/** The program that runs the tasks of a run in a checkout: the project's own Jest. It gets its tasks by a pipe of its own. */
export class Program {
  readonly #process: ChildProcess;
  readonly #channel: Channel;
  readonly #exited: Promise<string>;
  #ready: Promise<unknown>;
  /** Ends it also where this process is killed and it is too busy to see that. */
  readonly #guard = new GroupGuard();
  #finishes = false;
  #tail = '';

  constructor(options: ProgramOptions) {
    const { root, directory, nodeArgs, module, args, env, setup } = options;
    const { onOutput, onReady, onTold, onEnded } = options;
    const cwd = join(root, directory);
    const path = createRequire(join(cwd, 'package.json')).resolve(module);
    const child = spawn(process.execPath, [...nodeArgs, path, ...args], {
      cwd,
      env: { ...process.env, ...env, [channelVariable]: String(channelDescriptor) },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      // What it started ends with it.
      detached: true,
    });
    this.#process = child;
    if (child.pid !== undefined) this.#guard.add(child.pid);
    for (const stream of ['stdout', 'stderr'] as const) {
      const begun = afterBeginLine((text) => onOutput(stream, text));
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this.#tail = (this.#tail + text).slice(-4096);
        begun(text);
      });
    }
    this.#exited = new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code, signal) => {
        const end = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
        // What it wrote last is read, unless something that it started holds its streams.
        child.on('close', () => resolve(end));
        setTimeout(resolve, drainMs, end).unref();
      });
    });
    void this.#exited.then((end) => {
      // What it started ends with it.
      this.kill();
      this.#guard.endGuard();
      if (!this.#finishes) onEnded(this.#reason(end));
    });
    const pipe = child.stdio[channelDescriptor] as Duplex;
    this.#channel = new Channel({ input: pipe, output: pipe, handlers: {}, onNotice: onTold });
    this.#ready = this.#channel.call('setup', setup);
    this.#ready.then(onReady, (error: Error) => {
      // That it has ended is told by itself.
      if (!(error instanceof ConnectionLost)) onEnded(`Jest there cannot be set up: ${error.message}`);
    });
  }

  async run(task: unknown, { signal, emit }: Call): Promise<unknown> {
    try {
      await this.#ready;
      return await this.#channel.call('run', task, { signal, onEvent: emit });
    } catch (error) {
      throw error instanceof ConnectionLost ? new Error(this.#reason(await this.#exited)) : error;
    }
  }

  /**
   * Makes it ready for the next run.
   * @returns False: it cannot go on with them, and must be started anew.
   */
  async renew(renewal: Renewal): Promise<boolean> {
    const renewing = this.#channel.call('renew', renewal);
    this.#ready = renewing;
    try {
      return (await renewing) === true;
    } catch {
      return false;
    }
  }

  /** Ends what it started for the run. */
  async rest(): Promise<void> {
    await this.#ready;
    await this.#channel.call('rest', null);
  }

  /** Lets it end by itself, so that it tears down what it has set up. */
  async finish(): Promise<void> {
    this.#finishes = true;
    await this.#channel.call('finish', null).catch(() => {});
    await this.#exited;
  }

  /** Ends it, as it is of no use any more. Synchronous. */
  discard(): void {
    this.#finishes = true;
    this.kill();
  }

  /** Ends it and all that it started. Synchronous. */
  kill(): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
  }

  #reason(end: string): string {
    const said = this.#tail.replace(`${beginLine}\n`, '').replace(stackLines, '').trim();
    return `Jest there ${end}: ${said || 'it printed nothing'}`;
  }
}

/** Passes on what comes after the line by which the program begins. */
function afterBeginLine(pass: (text: string) => void): (text: string) => void {
  const line = `${beginLine}\n`;
  let held: string | undefined = '';
  return (text) => {
    if (held === undefined) return pass(text);
    held += text;
    const at = held.indexOf(line);
    if (at < 0) return;
    const rest = held.slice(at + line.length);
    held = undefined;
    if (rest !== '') pass(rest);
  };
}

/** Reasons are shown in one line. */
const stackLines = /^ +at .*\n?/gm;

/** How long the last output may take after the end. */
const drainMs = 200;
