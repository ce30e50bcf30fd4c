import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HardwareOptions } from './options.js';

/** Where a run reads and writes, as absolute paths. */
export interface RunPaths {
  readonly outputDirectory: string;
  /** Undefined: no history. */
  readonly history: string | undefined;
  /** What its package.json calls the project; undefined: nobody says. */
  readonly project: string | undefined;
  /** A machine file or its unchecked content; undefined: only what is detected. */
  readonly machine: HardwareOptions['machine'];
  /** Where the runs of a host agree on who may use what; false: this run does not. Undefined: nobody says. */
  readonly claims: string | false | undefined;
  /** The command that starts Python; undefined: the system's usual one. */
  readonly python: string | undefined;
}

export function runPaths(options: HardwareOptions, rootDir: string): RunPaths {
  const absolute = (path: string) => resolve(rootDir, path.replace('<rootDir>', rootDir));
  const outputDirectory = absolute(options.outputDirectory);
  const { history = resolve(outputDirectory, 'history.jsonl'), machine, claims, python } = options;
  return {
    outputDirectory,
    history: history === false ? undefined : absolute(history),
    project: projectOf(rootDir),
    claims: typeof claims === 'string' ? absolute(claims) : claims,
    machine: typeof machine === 'string' ? absolute(machine) : machine,
    // A bare name is looked up on PATH.
    python: python !== undefined && /[\\/]/.test(python) ? absolute(python) : python,
  };
}

function projectOf(rootDir: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(resolve(rootDir, 'package.json'), 'utf8')) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}
