import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from './project.js';
import { parseLines } from './record.js';

/** One line that a suite of a fixture wrote with its `log.cjs`. */
export interface LogLine {
  readonly suite: string;
  readonly event: 'begin' | 'end';
  readonly pid: number;
  readonly workerId: string;
  readonly [field: string]: unknown;
}

/** What the suites wrote, in the order in which they did. */
export function logOf(project: Project): readonly LogLine[] {
  const path = join(project.directory, 'suites.log');
  return existsSync(path) ? parseLines<LogLine>(readFileSync(path, 'utf8')) : [];
}

/** Pairs of suites that ran at the same time, each as `a + b` in alphabetical order. */
export function overlaps(log: readonly LogLine[]): readonly string[] {
  const running = new Set<string>();
  const found = new Set<string>();
  for (const { suite, event } of log) {
    if (event === 'end') {
      running.delete(suite);
      continue;
    }
    for (const other of running) found.add([other, suite].sort().join(' + '));
    running.add(suite);
  }
  return [...found].sort();
}
