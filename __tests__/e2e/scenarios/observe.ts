import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { comparable } from '../harness/comparable.js';
import { inProject, type JestRun } from '../harness/jest.js';
import type { Project } from '../harness/project.js';
import { logOf } from '../harness/suite-log.js';
import { terminalLines } from '../harness/terminal.js';
import type { Observation, Step, Workers } from './scenario.js';

/** Files of the project before a step: what is different afterwards is what the step wrote. */
export type Files = ReadonlyMap<string, string>;

/** What one step did, without what may differ between two runs of the same: times, places, our own section. */
export function observe(step: Step, run: JestRun, before: Files): Observation {
  const { project } = run;
  const lines = (text: string) =>
    shortened(terminalLines(withoutOurs(text), project)).filter(
      (line) => !line.startsWith(slowExit) || (step.reaches?.stderr ?? '').startsWith(slowExit),
    );
  const { events, ...whole } = comparable(run);
  const plain: Observation = JSON.parse(
    JSON.stringify({
      ...whole,
      events,
      stdout: step.terminal === undefined ? lines(run.stdout) : [],
      stderr: lines(run.stderr),
      files: writtenFiles(project, before),
      workers: workersOf(run),
      ...(step.terminal !== undefined && { terminal: terminalTexts(run.stdout, project) }),
      ...(step.ordered && { order: orderOf(run) }),
    }),
  );
  return plain;
}

/** Said of workers that take longer than half a second to end, as any may on a busy machine. */
const slowExit = 'A worker process has failed to exit gracefully';

export function filesOf({ directory }: Project): Files {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !/(^|[\\/])(\.jest-hardware|\.git|node_modules)([\\/]|$)/.test(path),
  );
  return new Map(
    paths
      .filter((path) => lstatSync(join(directory, path)).isFile())
      .map((path) => [path.replaceAll('\\', '/'), readFileSync(join(directory, path), 'utf8')]),
  );
}

function writtenFiles(project: Project, before: Files): Readonly<Record<string, unknown>> {
  const after = filesOf(project);
  const removed = [...before.keys()].filter((path) => !after.has(path));
  const written = [...after].filter(([path, text]) => before.get(path) !== text);
  return Object.fromEntries([
    ...removed.map((path) => [path, 'removed'] as const),
    ...written
      .filter(([path]) => !isTrace(path))
      .map(([path, text]) => [path, contentOf(path, text, project)]),
  ]);
}

/** Written by the fixtures' own `log.cjs`, with process ids; read by `workersOf`. */
function isTrace(path: string): boolean {
  return path === 'suites.log' || path.endsWith('.announced');
}

/** Reports list files as suites end. */
function contentOf(path: string, text: string, project: Project): unknown {
  const relative = text
    .replaceAll(project.directory, '<project>')
    .replaceAll(realpathSync(project.directory), '<project>');
  // Istanbul's hashes are of absolute paths.
  if (path.endsWith('.json')) return sortedKeys(JSON.parse(relative.replace(/"[\da-f]{40}"/g, '"<hash>"')));
  if (/(lcov\.info|\.xml)$/.test(path))
    return relative
      .replace(/\d{13}/g, '<time>')
      .split('\n')
      .sort();
  return relative;
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  );
}

/** Our section of the terminal: a heading and what is indented below; and why a run is not learned from. */
export function withoutOurs(text: string): string {
  const kept: string[] = [];
  let ours = false;
  for (const line of text.split('\n')) {
    const plain = stripVTControlCharacters(line);
    ours = /^Hardware {4}/.test(plain) || (ours && /^( {2}|(?:Device|Machine|Faster) +)/.test(plain));
    if (!ours && !plain.startsWith('The run teaches the history no durations')) kept.push(line);
  }
  return kept.join('\n');
}

/** Megabytes are compared by their hash. */
function shortened(lines: readonly string[]): readonly string[] {
  return lines.map((line) => {
    const named = line
      .replace(/[./\\]*results-[\da-f-]{36}\.json/, '<results>')
      .replace(/ws:\/\/\S+/, '<debugger>');
    if (named.length < 5000) return named;
    return `${named.slice(0, 80)}… ${named.length} ${createHash('sha256').update(named).digest('hex')}`;
  });
}

/**
 * Which texts a terminal has shown: what is redrawn while suites run depends on time, and numbers of a run are
 * compared by its results.
 */
function terminalTexts(text: string, project: Project): readonly string[] {
  const separate = text.replaceAll('\r', '').replace(cursorMoves, '\n');
  const plain = stripVTControlCharacters(withoutOurs(separate));
  const lines = terminalLines(plain, project).filter(
    (line) => !/^\s*(RUNS|Test Suites:|Tests:|Snapshots:|Time:|\d+ s)/.test(line),
  );
  return [...new Set(lines.map((line) => line.trim()))].sort();
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences but colours
const cursorMoves = /\u001b\[[?\d;]*[A-Za-ln-z]/g;

function orderOf({ events, project }: JestRun): readonly string[] {
  return events.flatMap(({ type, file }) =>
    type === 'file-start' && file !== undefined ? [inProject(project, file)] : [],
  );
}

function workersOf(run: JestRun): Workers | null {
  const begun = logOf(run.project).filter(({ event }) => event === 'begin');
  if (begun.length === 0) return null;
  return {
    processes: new Set(begun.map(({ pid }) => pid)).size,
    ids: [...new Set(begun.map(({ workerId }) => workerId))].sort(),
    threads: begun.some((line) => line['mainThread'] === false),
    inJestItself: begun.every(({ pid }) => pid === run.pid),
  };
}
