import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../host/host.js';
import { packageVersion } from '../../host/package-version.js';
import { store } from '../../host/tool-cache.js';
import { vulkanDriversOf } from '../system/icd.js';

/** Answers that were expensive to get, each as text under a name: the newest per name, for what it was asked of. */
export interface KeptAnswers {
  /** The text kept under the name for this subject; undefined when it is about another, or too old. */
  get(name: string, subject: string): string | undefined;
  /** @param keepMs How long it may be used, > 0; `Infinity`: until the subject changes. */
  set(name: string, subject: string, text: string, keepMs: number): void;
}

/** How long a negative answer is kept: what was missing may have been installed since. Not tuned: no measurement is recorded. */
export const keepNegativeMs = 60 * 60 * 1000;

/**
 * @param directory Undefined: nothing is kept.
 * @param trusted False: nothing kept earlier is used.
 */
export function keptAnswers(directory: string | undefined, trusted: boolean): KeptAnswers {
  if (directory === undefined) return { get: () => undefined, set: () => {} };
  const file = join(directory, 'computed.json');
  return {
    get(name, subject) {
      const entry = load(file)[name];
      const now = Date.now();
      const usable = trusted && entry?.subject === subject && entry.atMs <= now;
      return usable && (entry.keepMs === undefined || now - entry.atMs < entry.keepMs)
        ? entry.text
        : undefined;
    },
    set(name, subject, text, keepMs) {
      const entry: Entry = { subject, text, atMs: Date.now(), ...(keepMs < Infinity && { keepMs }) };
      // Read again: several probes write at their own time.
      store(directory, file, { ...load(file), [name]: entry });
    },
  };
}

/** What every computed answer depends on beside its own subject. */
export function subjectOf(host: Host, ...parts: readonly unknown[]): string {
  return JSON.stringify([
    ...parts,
    packageVersion(),
    host.readFile('/proc/sys/kernel/random/boot_id')?.trim(),
    host.readFile('/proc/driver/nvidia/version'),
    gpuNodesOf(host),
    vulkanDriversOf(host).map(({ file }) => file),
    Object.entries(host.env).filter(([name]) => name.startsWith('VK_') || name.endsWith('_VISIBLE_DEVICES')),
  ]);
}

/** Device nodes through which Linux lets a process compute on a GPU. */
export function gpuNodesOf(host: Host): readonly string[] {
  return [
    ...host.readDirectory('/dev/dri').filter((name) => name.startsWith('renderD')),
    ...host.readDirectory('/dev').filter((name) => /^(nvidia\d+|dxg|kfd|mali\d+|kgsl-3d0)$/.test(name)),
  ];
}

interface Entry {
  readonly subject: string;
  readonly text: string;
  readonly atMs: number;
  readonly keepMs?: number;
}

function load(file: string): Record<string, Entry> {
  try {
    const entries = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Partial<Entry> | null>;
    return Object.fromEntries(Object.entries(entries).filter(isEntry));
  } catch {
    // Missing or damaged: asked again and written anew.
    return {};
  }
}

function isEntry(pair: [string, Partial<Entry> | null]): pair is [string, Entry] {
  const [, entry] = pair;
  const { subject, text, atMs, keepMs = 0 } = entry ?? {};
  return (
    typeof subject === 'string' &&
    typeof text === 'string' &&
    typeof atMs === 'number' &&
    typeof keepMs === 'number'
  );
}
