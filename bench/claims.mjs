/**
 * What sharing a host costs: CPU time of one claim and its release, beside an empty folder and beside other runs; and
 * parallel runs of Jest that all want one declared GPU, watched by an observer that knows nothing of claims.
 *
 *   node bench/claims.mjs [--runs 20] [--suites 20] [--hold 1000] [--only claim|runs]
 */
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { medianInterval, referenceKernelMs } from './measure.mjs';
import { source } from './source.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    suites: { type: 'string', default: '20' },
    hold: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
  },
});
const runs = Number(values.runs);
const suites = Number(values.suites);
const holdMs = Number(values.hold);
const root = fileURLToPath(new URL('../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'jrh-claims-'));

try {
  if (values.only !== 'runs') await claimAndRelease();
  if (values.only !== 'claim') await parallelRuns();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function claimAndRelease() {
  const { ClaimQueue, Ticket } = await source('claims/queue.ts', 'claims/ticket.ts');
  const listener = { onGranted() {}, onWanted() {} };
  const gpu = { gpu: { units: 1, of: 1 }, machine: { units: 1, of: 1e9 } };
  for (const others of [0, 20]) {
    const queue = new ClaimQueue(join(scratch, `alone-${others}`));
    const beside = Array.from(
      { length: others },
      (_, index) =>
        new Ticket(queue, { [`other ${index}`]: { units: 1, of: 1 }, machine: gpu.machine }, listener),
    );
    const perClaimMs = [];
    for (let round = 0; round < 32; round++) {
      const started = process.cpuUsage();
      for (let claim = 0; claim < 20; claim++) {
        new Ticket(queue, gpu, listener).release();
        // The socket is closed by the event loop.
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { user, system } = process.cpuUsage(started);
      // The first ones are compiled.
      if (round >= 8) perClaimMs.push((user + system) / 1000 / 20);
    }
    for (const ticket of beside) ticket.release();
    const { median, low, high } = medianInterval(perClaimMs);
    console.log(
      `claim and release beside ${others} other tickets: ${text(median)} ms CPU (95 %: ${text(low)} to ${text(high)}), target 2; reference kernel ${text(referenceKernelMs())} ms`,
    );
  }
}

async function parallelRuns() {
  const log = join(scratch, 'log');
  writeFileSync(log, '');
  const directory = join(scratch, 'project');
  mkdirSync(join(directory, 'node_modules'), { recursive: true });
  for (const name of ['jest', 'jest-circus']) {
    symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name));
  }
  symlinkSync(root, join(directory, 'node_modules', 'jest-runner-hardware'));
  writeFileSync(join(directory, 'package.json'), '{ "name": "claims" }');
  const machine = {
    replace: true,
    machine: { cpuBudget: 2, memoryBudgetBytes: 2 ** 32 },
    devices: [
      { id: 'cpu', class: 'cpu' },
      { id: 'gpu0', class: 'gpu', vendor: 'nvidia', backends: ['cuda'] },
    ],
  };
  writeFileSync(
    join(directory, 'jest.config.mjs'),
    `import { withHardware } from 'jest-runner-hardware';
export default withHardware(
  { testEnvironment: 'node', transform: {}, reporters: [] },
  { machine: ${JSON.stringify(machine)}, outputDirectory: process.env.BENCH_OUT, claims: ${JSON.stringify(join(scratch, 'c'))} },
);
`,
  );
  for (let suite = 0; suite < suites; suite++) {
    // The observer: a file that one process at a time can make.
    writeFileSync(
      join(directory, `suite-${suite}.test.js`),
      `/** @hardware gpu */
const { appendFileSync, closeSync, openSync, unlinkSync } = require('node:fs');
test('holds', async () => {
  const note = (what) => appendFileSync(process.env.BENCH_LOG, JSON.stringify({ what, ms: Date.now() }) + '\\n');
  try { closeSync(openSync(process.env.BENCH_LOG + '.held', 'wx')); } catch (error) { note('two holders'); throw error; }
  note('begin');
  await new Promise((resolve) => setTimeout(resolve, ${holdMs}));
  unlinkSync(process.env.BENCH_LOG + '.held');
  note('end');
}, 60000);
`,
    );
  }
  const before = referenceKernelMs();
  const outputs = Array.from({ length: runs }, (_, run) => join(scratch, `out-${run}`));
  const codes = await Promise.all(
    outputs.map(
      (out) =>
        new Promise((resolve) => {
          const jest = join(root, 'node_modules/jest/bin/jest.js');
          const child = spawn(process.execPath, [jest, '-w', '2'], {
            cwd: directory,
            env: { ...process.env, BENCH_OUT: out, BENCH_LOG: log },
            stdio: 'ignore',
          });
          child.on('exit', resolve);
        }),
    ),
  );
  const seen = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const begins = seen.filter(({ what }) => what === 'begin').map(({ ms }) => ms);
  const ends = seen.filter(({ what }) => what === 'end').map(({ ms }) => ms);
  const held = outputs.flatMap((out) => attemptsIn(out));
  const spanMs = Math.max(...ends) - Math.min(...begins);
  const bodyMs = ends.reduce((sum, ms, index) => sum + ms - (begins[index] ?? ms), 0);
  const heldMs = held.reduce((sum, ms) => sum + ms, 0);
  console.log(
    `${runs} runs of ${suites} suites of ${holdMs} ms on one GPU: ${begins.length} ran, ${seen.filter(({ what }) => what === 'two holders').length} times two holders, ${codes.filter((code) => code !== 0).length} runs failed`,
  );
  console.log(
    `first begin to last end ${text(spanMs / 1000)} s; sum of what the suites' bodies took ${text(bodyMs / 1000)} s, ratio ${text(spanMs / bodyMs)} (target 1.1); sum of the time attempts held the GPU ${text(heldMs / 1000)} s, ratio ${text(spanMs / heldMs)}; reference kernel ${text(before)} ms before, ${text(referenceKernelMs())} ms after`,
  );
}

/** @param {string} out Output directory of one run. @returns {number[]} How long each attempt held its device, ms. */
function attemptsIn(out) {
  return readdirSync(out)
    .filter((name) => name.endsWith('.jsonl') && name !== 'history.jsonl')
    .flatMap((name) =>
      readFileSync(join(out, name), 'utf8')
        .split('\n')
        .flatMap((line) => (line.includes('"suite-ended"') ? [JSON.parse(line).durationMs] : [])),
    );
}

/** @param {number} value */
function text(value) {
  return value.toFixed(2);
}
