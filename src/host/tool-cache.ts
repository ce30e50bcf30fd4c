import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host, RunOptions, RunOutcome } from './host.js';
import { packageVersion } from './package-version.js';
import { writeAtomically } from './write-atomically.js';

/**
 * The host with the answers of its tools kept on disk. Only answers are kept, never what was concluded from them, and
 * only good ones; everything that changes while a machine runs (budgets, free memory) is read from files or asked with
 * `keep: 'hangs'`, and never comes near the cache. A tool that hangs costs its time once: that it did is kept too, until
 * one of the things changes that can change an answer. A host that does not tell its boot keeps nothing.
 * @param trusted Answers kept earlier are used; false: every tool is run again.
 */
export function withToolCache(host: Host, directory: string, trusted: boolean): Host {
  const file = join(directory, 'tools.json');
  let key: string | undefined;
  let answers: Record<string, KeptOutcome> | undefined;
  const run: Host['run'] = async (command, args, options) => {
    // Computed with the first tool: most machines never run one.
    key ??= cacheKey(host);
    if (key === undefined || options.keep === 'nothing') return host.run(command, args, options);
    answers ??= load(file, key);
    const call = JSON.stringify([command, ...args]);
    const known = trusted && Object.hasOwn(answers, call) ? answers[call] : undefined;
    if (known?.status === 'ok') return known;
    // Who gives a tool more time than it was given before wants to know anew.
    if (known?.status === 'timeout' && options.timeoutMs <= (known.timeoutMs ?? 0)) {
      return { status: 'timeout', stdout: '', stderr: '', remembered: true };
    }
    const outcome = await host.run(command, args, options);
    const kept = keptOf(outcome, options);
    if (kept !== undefined) answers[call] = kept;
    else if (Object.hasOwn(answers, call)) delete answers[call];
    else return outcome;
    store(directory, file, { key, answers });
    return outcome;
  };
  return Object.assign(Object.create(host) as Host, { run });
}

interface KeptOutcome extends RunOutcome {
  /** How long it was waited for in vain. */
  readonly timeoutMs?: number;
}

/** What of an outcome is kept for the next detection, if anything. */
function keptOf(outcome: RunOutcome, options: RunOptions): KeptOutcome | undefined {
  if (outcome.status === 'timeout' && options.signal?.aborted !== true) {
    return { status: 'timeout', stdout: '', stderr: '', timeoutMs: options.timeoutMs };
  }
  const isAnswer = outcome.status === 'ok' && options.isAnswer?.(outcome.stdout) !== false;
  return isAnswer && options.keep === undefined ? outcome : undefined;
}

/** Everything that can change a tool's answer without a new boot. Undefined: no boot id, nothing to rely on. */
function cacheKey(host: Host): string | undefined {
  const boot = host.readFile('/proc/sys/kernel/random/boot_id')?.trim() ?? host.bootMinute;
  if (boot === undefined) return undefined;
  const deviceNodes = ['/dev', '/dev/dri', '/dev/nvidia-caps'].flatMap((directory) =>
    host.readDirectory(directory).filter((name) => directory !== '/dev' || devicePattern.test(name)),
  );
  const masks = Object.entries(host.env).filter(([name]) => name.endsWith('_VISIBLE_DEVICES'));
  return JSON.stringify([
    boot,
    host.readFile('/proc/driver/nvidia/version'),
    host.readFile('/sys/module/amdgpu/version'),
    // Every driver that Windows installs adds a folder there, mostly without a new boot.
    host.env.SystemRoot && host.stampOf(`${host.env.SystemRoot}\\System32\\DriverStore\\FileRepository`),
    deviceNodes,
    masks.sort(),
    host.env.PATH,
    process.version,
    packageVersion(),
  ]);
}

const devicePattern = /^(nvidia|nvhost|nvmap|dxg|kfd|accel|apex|xdna)/;

function load(file: string, key: string): Record<string, KeptOutcome> {
  try {
    const entry = JSON.parse(readFileSync(file, 'utf8')) as { key?: unknown; answers?: unknown } | null;
    if (entry?.key !== key || typeof entry.answers !== 'object' || entry.answers === null) return {};
    const answers = Object.entries(entry.answers).filter(([, outcome]) => isKeptOutcome(outcome));
    return Object.fromEntries(answers);
  } catch {
    // Missing or damaged: asked again and written anew.
    return {};
  }
}

function isKeptOutcome(outcome: Partial<KeptOutcome> | null): boolean {
  const { status, stdout, stderr, timeoutMs } = outcome ?? {};
  if (typeof stdout !== 'string' || typeof stderr !== 'string') return false;
  return status === 'ok' || (status === 'timeout' && typeof timeoutMs === 'number');
}

/** Whole or not at all; a directory that cannot be written costs only the next start's time. */
export function store(directory: string, file: string, content: unknown): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (!ownedByUs(directory)) return;
    writeAtomically(file, JSON.stringify(content), 0o600);
  } catch {
    // Detection works without it.
  }
}

/** In a shared temporary directory another user could have put the folder there first. */
function ownedByUs(directory: string): boolean {
  return process.getuid === undefined || lstatSync(directory).uid === process.getuid();
}
