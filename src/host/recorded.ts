import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { parseJson } from '../json/read.js';
import { followTool } from './follow-tool.js';
import type { Host } from './host.js';
import { runTool } from './run-tool.js';

/**
 * A machine recorded in a folder: `fs/` stands for `/`, `bin/` for the whole PATH, `host.json` holds what Node would
 * say (`platform`, `arch`, `env`, `release`, `totalMemoryBytes`; optional `availableParallelism`, `cpuModel`,
 * `workingDirectory`, `denied`: paths that the user may not open). A colon in a name may be written `%3A`, as Windows
 * allows none. What is absent there is absent: nothing of the real machine shines through.
 * @throws {UsageError} when `host.json` is missing or malformed.
 */
export function recordedHost(directory: string): Host {
  const { cpuModel, denied, ...facts } = readFacts(join(directory, 'host.json'));
  const bin = resolve(directory, 'bin');
  const inside = (path: string) =>
    // A tool by its place on PATH, where a probe has looked.
    path.startsWith(bin + sep)
      ? pathInside(bin, path.slice(bin.length))
      : fileInside(join(directory, 'fs'), path);
  const env = { ...facts.env, PATH: bin };
  const toolAt = (command: string) =>
    quietly(() => (command.startsWith('/') ? inside(command) : pathInside(bin, command)));
  return {
    ...facts,
    env,
    cpuModel: () => cpuModel,
    readFile: (path) =>
      denied.includes(path) ? undefined : quietly(() => readFileSync(inside(path), 'utf8')),
    readDirectory: (path) => quietly(() => readdirSync(inside(path)).map(withColons).sort()) ?? [],
    exists: (path) => quietly(() => inside(path)) !== undefined,
    mayOpen: (path) => quietly(() => inside(path)) !== undefined && !denied.includes(path),
    stampOf: (path) =>
      quietly(() => {
        const { mtimeMs, size } = statSync(inside(path));
        return `${mtimeMs} ${size}`;
      }),
    run: async (command, args, options) => {
      const file = toolAt(command);
      return file === undefined
        ? { status: 'absent', stdout: '', stderr: '' }
        : runTool(file, args, env, options);
    },
    // A tool that is not in the recording is not there.
    follow: (command, args, follower) =>
      followTool(toolAt(command) ?? join(bin, command), args, env, follower),
    cpuFallback: async () => undefined,
  };
}

/** By its own name, else with escaped colons. @throws As `pathInside`. */
function fileInside(root: string, path: string): string {
  const escaped = path.replaceAll(':', '%3A');
  const own = escaped === path ? undefined : quietly(() => pathInside(root, path));
  return own ?? pathInside(root, escaped);
}

function withColons(name: string): string {
  return name.replaceAll('%3A', ':');
}

/** @throws When nothing is there, or when a link or `..` leads out of the recording into the real machine. */
function pathInside(root: string, path: string): string {
  const realRoot = realpathSync(root);
  const real = realpathSync(join(realRoot, join('/', path)));
  if (real !== realRoot && !real.startsWith(realRoot + sep)) throw new Error(`${path} leads out of ${root}`);
  return real;
}

interface HostFacts
  extends Pick<
    Host,
    'platform' | 'arch' | 'release' | 'env' | 'workingDirectory' | 'totalMemoryBytes' | 'availableParallelism'
  > {
  readonly cpuModel: string | undefined;
  readonly denied: readonly string[];
}

function readFacts(file: string): HostFacts {
  const text = quietly(() => readFileSync(file, 'utf8'));
  if (text === undefined) {
    throw new UsageError({
      file,
      message: 'a recorded host needs this file, and it cannot be read',
      remedy: 'give the folder of a recorded host: it holds host.json, fs/ and bin/',
    });
  }
  const value = parseJson(text, file).value;
  const facts = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const fail = (key: string, expected: string): never => {
    throw new UsageError({
      file,
      message: `\`${key}\` is missing or wrong`,
      expected,
      found: JSON.stringify(facts[key]) ?? 'nothing',
    });
  };
  const text_ = (key: string) => {
    const found = facts[key];
    return typeof found === 'string' && found !== '' ? found : fail(key, 'a non-empty text');
  };
  const number = (key: string) => {
    const found = facts[key];
    return typeof found === 'number' && found > 0 ? found : fail(key, 'a number above 0');
  };
  const texts = (key: string) => {
    const found = facts[key];
    const isTexts = Array.isArray(found) && found.every((item) => typeof item === 'string');
    return isTexts ? (found as string[]) : fail(key, 'a list of texts');
  };
  const env = facts.env ?? {};
  if (
    typeof env !== 'object' ||
    Array.isArray(env) ||
    Object.values(env).some((item) => typeof item !== 'string')
  ) {
    fail('env', 'an object of texts');
  }
  return {
    platform: text_('platform') as NodeJS.Platform,
    arch: text_('arch'),
    release: facts.release === undefined ? '' : text_('release'),
    env: env as Record<string, string>,
    workingDirectory: facts.workingDirectory === undefined ? '/' : text_('workingDirectory'),
    totalMemoryBytes: number('totalMemoryBytes'),
    availableParallelism:
      facts.availableParallelism === undefined ? undefined : number('availableParallelism'),
    cpuModel: facts.cpuModel === undefined ? undefined : text_('cpuModel'),
    denied: facts.denied === undefined ? [] : texts('denied'),
  };
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
