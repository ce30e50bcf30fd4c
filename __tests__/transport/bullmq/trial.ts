/** A fleet for one test, with a real Redis and networks that can fail. Tests have one each, as they wait at the same time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import type { FleetClientOptions } from '../../../src/transport/bullmq/fleet-client.js';
import { type Link, startLink } from '../../e2e/harness/link.js';
import { type RedisHost, redisServer, startRedis } from '../../e2e/harness/redis-server.js';
import { type Machine, type Run, startMachine, startRun } from './fleet-parts.js';

export interface Trial {
  readonly redis: RedisHost;
  /** A network to the broker. */
  link(): Promise<Link>;
  /** @param link How it reaches the broker. Default: directly. */
  machine(link?: Link, name?: string): Promise<LoggedMachine>;
  run(link?: Link, options?: Pick<FleetClientOptions, 'brokerAwayMs'>): Promise<Run>;
  /** A machine or a run in a process of its own. @param shiftMs By how much its clock is wrong. */
  child(role: 'machine' | 'run', shiftMs?: number): Promise<Child>;
}

export interface Log {
  readonly lines: readonly string[];
  /** Resolves when a line begins so. */
  said(beginning: string): Promise<string>;
}

export type LoggedMachine = Machine & Log;

export interface Child extends Log {
  readonly process: ChildProcess;
  /** To a machine: a call to release. To a run: one to begin, over a new connection. */
  tell(id: string): void;
}

/** As `test.concurrent`, or skipped by name where there is no Redis. @param settings Arguments of the Redis. */
export function testFleet(
  name: string,
  body: (trial: Trial) => Promise<void>,
  settings: readonly string[] = [],
): void {
  if (redisServer === undefined) test.skip(name, () => {});
  else test.concurrent(name, () => withTrial(body, settings));
}

async function withTrial(body: (trial: Trial) => Promise<void>, settings: readonly string[]): Promise<void> {
  const redis = await startRedis(settings);
  const atEnd: (() => unknown)[] = [];
  const links = new Set<Link>();
  const urlOf = (link: Link | undefined) => `redis://127.0.0.1:${link?.port ?? redis.port}`;
  try {
    await body({
      redis,
      async link() {
        const link = await startLink(redis.port);
        links.add(link);
        return link;
      },
      async machine(link, machineName) {
        const { say, log } = newLog();
        const machine = await startMachine(urlOf(link), say, machineName);
        atEnd.push(() => machine.close());
        return { ...machine, ...log };
      },
      async run(link, options) {
        const run = await startRun(urlOf(link), undefined, options);
        atEnd.push(() => run.close());
        return run;
      },
      async child(role, shiftMs = 0) {
        const child = await startChild(role, urlOf(undefined), shiftMs);
        atEnd.push(() => child.process.kill('SIGKILL'));
        return child;
      },
    });
  } finally {
    // Who is cut off would wait for an answer.
    for (const link of links) link.heal();
    for (const each of atEnd.reverse()) await each();
    for (const link of links) link.close();
    await redis.dispose();
  }
}

async function startChild(role: string, url: string, shiftMs: number): Promise<Child> {
  const { outputFiles } = await build({
    entryPoints: ['__tests__/transport/bullmq/part-program.ts'],
    bundle: true,
    packages: 'external',
    write: false,
    platform: 'node',
    format: 'esm',
    minify: true,
    banner: { js: shiftMs === 0 ? '' : wrongClock(shiftMs) },
  });
  const { say, log } = newLog();
  const child = spawn(process.execPath, ['--input-type=module', '--eval', outputFiles[0]?.text ?? ''], {
    cwd: resolve('.'),
    env: { ...process.env, ROLE: role, URL: url },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (line) => say(String(line)));
  await log.said('ready');
  return { ...log, process: child, tell: (id) => void child.send(id) };
}

/** A clock that somebody has set wrongly. */
function wrongClock(shiftMs: number): string {
  return `globalThis.Date = class extends Date {
    constructor(...given) { if (given.length === 0) super(Date.now()); else super(...given); }
    static now() { return super.now() + ${shiftMs}; }
  };`;
}

function newLog(): { readonly say: (line: string) => void; readonly log: Log } {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const said = (beginning: string) =>
    new Promise<string>((found) => {
      const look = () => {
        const line = lines.find((each) => each.startsWith(beginning));
        if (line !== undefined) found(line);
      };
      waiting.add(look);
      look();
    });
  const say = (line: string) => {
    lines.push(line);
    for (const look of waiting) look();
  };
  return { say, log: { lines, said } };
}
