/**
 * Paired measurements: both sides run in turns (A B, B A, A B, …), so that whatever slows the machine slows both. Each
 * pair gives a ratio; reported are the median of the ratios and its exact 95 % interval from the sign test, which
 * assumes nothing about their distribution. A fixed amount of work, timed before each pair, tells how steady the
 * machine was.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @typedef {object} Command
 * @property {string} cwd
 * @property {readonly string[]} argv
 * @property {Record<string, string>} [env] Added to this process's own.
 * @property {() => void} [before] Called before each run, not timed.
 * @property {() => unknown} [after] Called after each run, not timed; what it returns goes to the run's notes.
 *
 * @typedef {object} Run
 * @property {number} wallMs
 * @property {number} cpuMs User and system time of the command and all its descendants that were waited for.
 * @property {number} exitCode
 * @property {string} output Stdout and stderr.
 * @property {unknown} notes
 *
 * @typedef {object} Interval
 * @property {number} median
 * @property {number} low
 * @property {number} high
 *
 * @typedef {object} Comparison
 * @property {readonly Run[]} stock
 * @property {readonly Run[]} ours
 * @property {readonly number[]} referenceMs
 */

const shellTimer = 'TIMEFORMAT="%R %U %S"; { time "$@" >"$BENCH_OUTPUT" 2>&1; } 2>"$BENCH_TIMES"';

/**
 * Runs a command once. Bash takes the times: Node has no way to ask for the CPU time of a child's children.
 * @param {Command} command
 * @returns {Run}
 */
export function run({ cwd, argv, env, before, after }) {
  before?.();
  const directory = mkdtempSync(join(tmpdir(), 'bench-run-'));
  const paths = { BENCH_OUTPUT: join(directory, 'output'), BENCH_TIMES: join(directory, 'times') };
  try {
    const { status, error } = spawnSync('bash', ['-c', shellTimer, 'bash', ...argv], {
      cwd,
      env: { ...process.env, LC_ALL: 'C', ...env, ...paths },
    });
    if (error !== undefined) throw error;
    const times = readFileSync(paths.BENCH_TIMES, 'utf8').trim().split('\n').at(-1) ?? '';
    const [wallMs = NaN, userMs = NaN, systemMs = NaN] = times.split(' ').map((text) => Number(text) * 1000);
    const output = readFileSync(paths.BENCH_OUTPUT, 'utf8');
    return { wallMs, cpuMs: userMs + systemMs, exitCode: status ?? -1, output, notes: after?.() };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * @param {{ pairs: number, stock: Command, ours: Command, warmUps?: number, mayFail?: boolean }} options
 * @returns {Comparison}
 */
export function compare({ stock, ours, ...options }) {
  const { runs, referenceMs } = inTurns({ ...options, sides: { stock, ours } });
  return { ...runs, referenceMs };
}

/**
 * Runs all sides in turns, each round in the opposite order of the one before.
 * @template {string} Side
 * @param {{ pairs: number, sides: Record<Side, Command>, warmUps?: number, mayFail?: boolean }} options
 *   Warm-up runs of each side fill the transform cache; they are not counted. Without `mayFail` a run that exits with
 *   something else than 0 ends the measurement with its output.
 * @returns {{ runs: Record<Side, Run[]>, referenceMs: number[] }}
 */
export function inTurns({ pairs, sides, warmUps = 1, mayFail = false }) {
  const names = /** @type {Side[]} */ (Object.keys(sides));
  const runs = /** @type {Record<Side, Run[]>} */ (Object.fromEntries(names.map((name) => [name, []])));
  /** @type {number[]} */
  const referenceMs = [];
  for (let pair = -warmUps; pair < pairs; pair++) {
    const kernelMs = referenceKernelMs();
    if (pair >= 0) referenceMs.push(kernelMs);
    for (const side of pair % 2 === 0 ? names : names.toReversed()) {
      const result = run(sides[side]);
      if (result.exitCode !== 0 && !mayFail) {
        throw new Error(
          `${side}: ${sides[side].argv.join(' ')} exited with ${result.exitCode}\n${result.output}`,
        );
      }
      if (pair >= 0) runs[side].push(result);
    }
  }
  return { runs, referenceMs };
}

/**
 * @param {Comparison} comparison
 * @param {'wallMs' | 'cpuMs'} measure
 * @returns {Interval} Of ours / stock.
 */
export function ratioOf({ stock, ours }, measure) {
  return medianInterval(ours.map((run, pair) => run[measure] / (stock[pair]?.[measure] ?? NaN)));
}

/**
 * Median with its exact interval of at least 95 % (sign test): the widest pair of order statistics that a fair coin
 * leaves outside in no more than 5 % of cases. With fewer than 6 values even the extremes do not reach 95 %.
 * @param {readonly number[]} values
 * @returns {Interval}
 */
export function medianInterval(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ index) => sorted[index] ?? NaN;
  const n = sorted.length;
  let cut = 0;
  let tail = 0.5 ** n;
  for (let k = 1, term = tail; k < n / 2; k++) {
    term *= (n - k + 1) / k;
    tail += term;
    if (2 * tail > 0.05) break;
    cut = k;
  }
  return {
    median: (at(Math.floor((n - 1) / 2)) + at(Math.ceil((n - 1) / 2))) / 2,
    low: at(cut),
    high: at(n - 1 - cut),
  };
}

/** A fixed amount of integer work, about 100 ms. @returns {number} What it took now. */
export function referenceKernelMs() {
  const started = performance.now();
  let state = 1;
  for (let step = 0; step < 80_000_000; step++) state = (Math.imul(state, 1664525) + 1013904223) | 0;
  const tookMs = performance.now() - started;
  // Keeps the loop from being optimised away.
  return state === 0 ? Number.NaN : tookMs;
}

/**
 * A generator of numbers in [0, 1) that gives the same ones everywhere (mulberry32).
 * @param {number} seed
 * @returns {() => number}
 */
export function seeded(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
