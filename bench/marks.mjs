/** What a process has used when each of its suites begins: CPU time, and on Linux its peak of memory. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {import('./measure.mjs').Command} Command
 *
 * @typedef {object} Marks
 * @property {readonly number[]} cpuMs Of each suite, in the order in which suites began. The last one of each process
 *   is missing.
 * @property {number} peakBytes Of the process that needed most, before its last suite. NaN: not on Linux.
 */

const file = 'marks.txt';

/** Added to a project: its path goes to `setupFiles`. */
export const markModule = {
  'mark.cjs': `const fs = require('node:fs');
const { user, system } = process.cpuUsage();
let peakKiB = NaN;
try { peakKiB = /^VmHWM:\\s*(\\d+) kB/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]; } catch {}
fs.appendFileSync(${JSON.stringify(file)}, [process.pid, user + system, peakKiB].join(' ') + '\\n');
`,
};

/** @param {Command} command Of a project with the module. @returns {Command} Its runs have marks for notes. */
export function marked(command) {
  const path = join(command.cwd, file);
  return {
    ...command,
    before: () => {
      command.before?.();
      rmSync(path, { force: true });
    },
    after: () => marksOf(existsSync(path) ? readFileSync(path, 'utf8') : ''),
  };
}

/** @param {string} text @returns {Marks} */
function marksOf(text) {
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  /** @type {Map<number, { index: number, cpuUs: number }>} */
  const open = new Map();
  /** @type {number[]} */
  const cpuMs = [];
  let peakBytes = 0;
  rows.forEach(([pid = NaN, cpuUs = NaN, peakKiB = NaN], index) => {
    const before = open.get(pid);
    if (before !== undefined) cpuMs[before.index] = (cpuUs - before.cpuUs) / 1000;
    open.set(pid, { index, cpuUs });
    peakBytes = Math.max(peakBytes, peakKiB * 1024);
  });
  return { cpuMs: cpuMs.filter((value) => value !== undefined), peakBytes };
}
