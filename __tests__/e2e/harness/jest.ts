import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { RunEvent } from '../../../src/core/events.js';
import { type PackedInstall, packedInstall } from './install.js';
import { killAll, leftOverProcesses, processesOf, type RunningProcess, runMarker } from './processes.js';
import { cacheOf, claimsOf, type Project } from './project.js';
import { parseLines, readRecords } from './record.js';

/** One line of the probe reporter. */
export interface ProbeEvent {
  readonly type: 'run-start' | 'file-start' | 'case-start' | 'case-result' | 'file-result' | 'run-complete';
  readonly file?: string;
  readonly name?: string;
  readonly status?: string;
  /** Of one suite. */
  readonly result?: Json;
  /** Of the run. */
  readonly results?: Json;
  readonly [key: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: results are compared as a whole, their types are Jest's business
export type Json = any;

/** What one `jest` command did. */
export interface JestRun {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` wrote; undefined when Jest ended before that (`--bail`, a usage error). */
  readonly json: Json | undefined;
  /** What reporters were told, in order. */
  readonly events: readonly ProbeEvent[];
  /** The aggregated results handed to reporters. */
  readonly results: Json | undefined;
  /** Records in the default output directory, oldest first; the last one is this run's. */
  readonly records: readonly (readonly RunEvent[])[];
  readonly record: readonly RunEvent[];
  /** Processes still alive after the run. They are killed after the look. */
  readonly leftOver: readonly RunningProcess[];
  readonly project: Project;
}

export interface JestOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
  /** Keyboard of watch mode: Jest sees a terminal for input. */
  readonly keyboard?: boolean;
  /** Jest runs in a pseudo-terminal of 80 columns (by `script`, on Linux): both streams are its output. */
  readonly terminal?: boolean;
  /** Default: beside the project. */
  readonly cacheDirectory?: string;
  /** False: without `--json`, which stock Jest cannot write for circular values. */
  readonly json?: boolean;
  readonly timeoutMs?: number;
  /** How long processes may take to disappear after Jest's end. */
  readonly graceMs?: number;
}

export async function runJest(
  project: Project,
  args: readonly string[],
  options: JestOptions = {},
): Promise<JestRun> {
  return (await startJest(project, args, options)).ended;
}

/** A Jest that is running. */
export interface RunningJest {
  readonly pid: number;
  readonly ended: Promise<JestRun>;
  /** Resolves as soon as what was shown since the last `waitFor` (without colours) matches, rejects when Jest ends before. */
  waitFor(pattern: RegExp): Promise<void>;
  /** Resolves as soon as the condition holds, rejects when Jest ends before. */
  until(condition: () => boolean): Promise<void>;
  type(keys: string): void;
  signal(signal: NodeJS.Signals, to?: 'jest' | 'process group'): void;
  processes(): readonly RunningProcess[];
}

export async function startJest(
  project: Project,
  args: readonly string[],
  {
    env = {},
    nodeArgs = [],
    keyboard = false,
    terminal = false,
    cacheDirectory,
    json: asJson = !keyboard && !terminal,
    timeoutMs = 90_000,
    graceMs = 5000,
  }: JestOptions = {},
): Promise<RunningJest> {
  const install = await packedInstall();
  const run = randomUUID();
  const probe = join(install.root, `probe-${run}.jsonl`);
  const outputFile = join(install.root, `results-${run}.json`);
  const command = [
    process.execPath,
    ...(project.esm ? ['--experimental-vm-modules', '--no-warnings'] : []),
    ...nodeArgs,
    ...(keyboard ? ['--require', keyboardPreload] : []),
    join(install.root, 'node_modules/jest/bin/jest.js'),
    ...(asJson ? ['--json', `--outputFile=${outputFile}`] : []),
    `--cacheDirectory=${cacheDirectory ?? cacheOf(project.directory)}`,
    ...args,
  ];
  const [file = '', ...fileArgs] = terminal ? inTerminal(command) : command;
  const child = spawn(file, fileArgs, {
    cwd: project.directory,
    env: {
      ...cleanEnvironment(),
      // Tests run beside each other: their projects must not wait for each other's devices.
      JEST_HARDWARE_CLAIMS: claimsOf(project.directory),
      E2E_PROBE: probe,
      [runMarker]: run,
      ...env,
    },
    stdio: 'pipe',
    // Its own process group, as a shell would start it.
    detached: true,
  });
  if (!keyboard && !terminal) child.stdin.end();
  const output = collect(child);
  const timer = setTimeout(() => {
    output.stderr += `\nE2E: stopped after ${timeoutMs} ms\n`;
    killAll(processesOf(run));
    child.kill('SIGKILL');
  }, timeoutMs);

  const exited = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    },
  );
  const closed = new Promise((resolve) => child.on('close', resolve));
  let ended = false;
  const result = exited.then(async (exit): Promise<JestRun> => {
    ended = true;
    clearTimeout(timer);
    const leftOver = await leftOverProcesses(run, graceMs);
    killAll(leftOver);
    await closed;
    const events = existsSync(probe) ? parseLines<ProbeEvent>(readFileSync(probe, 'utf8')) : [];
    const json = existsSync(outputFile) ? (JSON.parse(readFileSync(outputFile, 'utf8')) as Json) : undefined;
    for (const file of [probe, outputFile]) rmSync(file, { force: true });
    const records = readRecords(join(project.directory, '.jest-hardware'));
    return {
      ...exit,
      pid: child.pid ?? 0,
      stdout: output.stdout,
      stderr: output.stderr,
      json,
      events,
      results: events.findLast(({ type }) => type === 'run-complete')?.results,
      records,
      record: records.at(-1) ?? [],
      leftOver,
      project,
    };
  });

  let seen = 0;
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      if (ended) throw new Error(`Jest ended before that:\n${output.stdout}${output.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    pid: child.pid ?? 0,
    ended: result,
    until,
    waitFor: (pattern) =>
      until(() => {
        const found = pattern.exec(stripVTControlCharacters(output.all).slice(seen));
        if (found === null) return false;
        seen += found.index + found[0].length;
        return true;
      }),
    type: (keys) => child.stdin.write(keys),
    signal: (signal, to = 'jest') => {
      process.kill(to === 'jest' ? (child.pid ?? 0) : -(child.pid ?? 0), signal);
    },
    processes: () => processesOf(run),
  };
}

/** Runs any other command of the install (the package's own bin, a script of the project) in the project. */
export async function runNode(
  project: Project,
  script: (install: PackedInstall) => string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const file = script(await packedInstall());
  const child = spawn(process.execPath, [file, ...args], {
    cwd: project.directory,
    env: { ...cleanEnvironment(), ...env },
    stdio: 'pipe',
  });
  child.stdin.end();
  const output = collect(child);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exitCode, stdout: output.stdout, stderr: output.stderr };
}

/** Path of a file as the user of the project names it. */
export function inProject(project: Project, path: string): string {
  return relative(project.directory, path).replaceAll('\\', '/');
}

function inTerminal(command: readonly string[]): readonly string[] {
  const quoted = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ');
  return ['script', '--quiet', '--return', '--command', `stty cols 80 rows 40; exec ${quoted}`, '/dev/null'];
}

const keyboardPreload = fileURLToPath(new URL('./keyboard.cjs', import.meta.url));

/** Nothing of the Jest we run in, of the machine's devices or of a CI service may reach the Jest under test. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'SystemRoot', 'USERPROFILE', 'APPDATA'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function collect(child: ChildProcessWithoutNullStreams): { stdout: string; stderr: string; all: string } {
  const output = { stdout: '', stderr: '', all: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
      output.all += text;
    });
  }
  return output;
}
