/** What the benches of other machines have in common: sections by name, times, and slots that are kept busy. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { flags } from './report.mjs';
import { source } from './source.mjs';

/** Measures, where `--only` is a part of the name. @param {string} name @param {() => Promise<void>} measure */
export async function section(name, measure) {
  if (!name.includes(flags.only)) return;
  await measure();
  console.log(`  (load ${loadavg()[0].toFixed(1)})`);
}

/** @param {number} count @param {() => Promise<unknown>} work @returns Ms of each time. */
export async function timed(count, work) {
  const ms = [];
  for (let n = 0; n < count; n += 1) {
    const startedMs = performance.now();
    await work();
    ms.push(performance.now() - startedMs);
  }
  return ms;
}

/** Median, lowest and highest; of 100 and more the 99th percentile, too. @param {string} what @param {number[]} numbers */
export function show(what, numbers, unit = 'ms') {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share) => {
    const each = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return each.toFixed(each < 10 ? 1 : 0);
  };
  const p99 = sorted.length >= 100 ? `, p99 ${at(0.99)}` : '';
  const range = `${at(0)} … ${at(1)}${p99}, n ${sorted.length}`;
  console.log(`${what.padEnd(76)}${at(0.5).padStart(6)} ${unit} (${range})`);
}

/**
 * Keeps slots busy with tasks, by the scheduler and the driver of a run.
 * @param ask Runs a task on the slot of a start. @returns As `TaskQueues` does; the result is how long it took, ms.
 * @returns The events of the run.
 */
export async function driven({ machine, slots, count }, ask) {
  const { Scheduler, Estimates, strategies, defaultProfile, Run } = await source(
    'core/scheduler/scheduler.ts',
    'core/estimate/estimate.ts',
    'core/strategies/index.ts',
    'core/workload/profile.ts',
    'execute/run.ts',
  );
  const scheduler = new Scheduler({
    strategy: strategies.adaptive,
    unsatisfiable: { action: 'fail' },
    retryLost: true,
    estimates: new Estimates(),
  });
  const run = new Run({ scheduler, cancelAfter() {} });
  const events = [];
  run.on({ event: (event) => events.push(event) });
  run.tell({ type: 'machine-known', machine });
  for (const slot of slots) run.tell({ type: 'slot-up', slot });
  for (let n = 0; n < count; n += 1)
    run.tell({ type: 'suite-queued', suite: { id: `s${n}`, profile: defaultProfile, fileBytes: 0 } });
  await run.start({
    async run(start, signal) {
      const { started, result } = await ask(start, signal);
      return started
        ? { status: 'passed', durationMs: result }
        : { status: 'cancelled', durationMs: 0, notStarted: true };
    },
  });
  return events;
}

/** Of 4 slots, from the first start on each to the last start: before and after there are not suites enough. */
export function busyShare(events) {
  const startsMs = events.flatMap(({ type, atMs }) => (type === 'suite-started' ? [atMs] : []));
  const [fromMs, toMs] = [startsMs[3] + 80, startsMs.at(-1)];
  const busyMs = events
    .filter(({ type }) => type === 'suite-ended')
    .map(({ atMs, durationMs }) => Math.min(atMs, toMs) - Math.max(atMs - durationMs, fromMs))
    .reduce((sum, ms) => sum + Math.max(0, ms), 0);
  return busyMs / (4 * (toMs - fromMs));
}

const cpuTime = fileURLToPath(new URL('./cpu-time.cjs', import.meta.url));
const jestCommand = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));

/** Not synchronous: a slow link may run in this process. @param {string} directory @returns How long it took, the CPU time of Jest's own process, and the record. */
export async function jest(directory) {
  const startedMs = performance.now();
  const cpuFile = `${directory}.cpu`;
  const child = spawn(process.execPath, ['--require', cpuTime, jestCommand], {
    cwd: directory,
    env: { ...process.env, CPU_TIME_FILE: cpuFile },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const [exitCode] = await once(child, 'close');
  const wallMs = performance.now() - startedMs;
  if (exitCode !== 0) throw new Error(output);
  return { wallMs, cpuMs: Number(readFileSync(cpuFile, 'utf8')), events: newestRecord(directory) };
}

/** @param {string} directory Of a project. @returns The events of its last run. */
export function newestRecord(directory) {
  const folder = join(directory, '.jest-hardware');
  const newest = readdirSync(folder)
    .filter((name) => name.startsWith('run-'))
    .sort()
    .at(-1);
  return readFileSync(join(folder, newest), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
