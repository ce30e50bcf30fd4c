import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, RunOutcome } from '../../host/host.js';
import { onProcessEnd } from '../../host/process-end.js';
import { type PageAnswer, readPageAnswer, wasLate } from './answer.js';
import type { InstalledBrowser } from './find.js';
import { type FindingsServer, serveFindings } from './findings-server.js';
import { commandLine, type LaunchOptions, preferencesFile } from './launch.js';

/** How sending a browser to our page ended. */
export type Visit =
  | { readonly status: 'ok'; readonly answer: PageAnswer }
  | { readonly status: 'absent' | 'timeout' | 'error'; readonly reason: string };

export interface VisitOptions {
  /** For one attempt: the browser is ended after this long. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Measure how fast it computes, too. */
  readonly calibrate: boolean;
}

/**
 * Starts the browser on our page, once more when that ends without an answer, or with one in which something did not end
 * in time: a machine that is busy at the moment is no machine without a GPU. Never rejects.
 */
export async function visit(
  host: Host,
  browser: InstalledBrowser,
  launch: LaunchOptions,
  options: VisitOptions,
): Promise<Visit> {
  const first = await attempted(host, browser, launch, options);
  const answered = first.status === 'ok' && !wasLate(first.answer);
  if (answered || first.status === 'absent' || options.signal.aborted) return first;
  // Together with the first attempt within what a probe may take.
  const second = await attempted(host, browser, launch, { ...options, timeoutMs: options.timeoutMs / 2 });
  return second.status === 'ok' || first.status !== 'ok' ? second : first;
}

/** A temporary folder that cannot be written, no loopback interface: like a browser that does not start. */
async function attempted(...call: Parameters<typeof attempt>): Promise<Visit> {
  try {
    return await attempt(...call);
  } catch (error) {
    return { status: 'error', reason: `it could not be started: ${error}` };
  }
}

async function attempt(
  host: Host,
  { engine, path }: InstalledBrowser,
  launch: LaunchOptions,
  { timeoutMs, signal, calibrate }: VisitOptions,
): Promise<Visit> {
  const profile = await mkdtemp(join(tmpdir(), 'jest-runner-hardware-browser-'));
  const ended = new AbortController();
  const end = () => ended.abort();
  signal.addEventListener('abort', end, { once: true });
  // Whoever ends the run in the middle leaves neither the browser nor its folder behind.
  const unwatch = onProcessEnd(() => {
    end();
    rmSync(profile, { recursive: true, force: true });
  });
  let server: FindingsServer | undefined;
  try {
    server = await serveFindings();
    const preferences = preferencesFile(launch);
    if (preferences !== undefined) await writeFile(join(profile, 'user.js'), preferences);
    const args = commandLine(engine, launch, profile, calibrate ? `${server.url}?calibrate` : server.url);
    // The browser never ends by itself, so what it prints is no answer to be kept.
    const run = host.run(path, args, { timeoutMs, signal: ended.signal, keep: 'nothing' });
    const body = await Promise.race([server.posted, run]);
    end();
    const outcome = await run;
    return typeof body === 'string' ? judge(body) : failureOf(outcome, server.visited(), timeoutMs);
  } finally {
    unwatch();
    signal.removeEventListener('abort', end);
    server?.close();
    // Processes of the group may still be writing while they die.
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }).catch(() => {});
  }
}

function judge(body: string): Visit {
  const answer = readPageAnswer(body);
  if (answer !== undefined) return { status: 'ok', answer };
  return { status: 'error', reason: `its page posted something else: ${JSON.stringify(body.slice(0, 80))}` };
}

function failureOf({ status, stderr }: RunOutcome, visited: boolean, timeoutMs: number): Visit {
  if (status === 'absent') return { status, reason: 'its executable cannot be started' };
  if (status === 'timeout') {
    const seconds = timeoutMs / 1000;
    const reason = visited
      ? `its page did not answer within ${seconds} s`
      : `it did not open our page within ${seconds} s`;
    return { status, reason };
  }
  const said = stderr.trim().split('\n').at(-1)?.slice(0, 200);
  return { status: 'error', reason: `it ended before its page answered: ${said || 'without a message'}` };
}
