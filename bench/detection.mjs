/**
 * What detection costs inside a process that is already running: CPU and wall time of the first (cold) and of later
 * (warm) detections, how long they keep the event loop, and what a slow `nvidia-smi` and calibration add. Each sample
 * is a fresh process, which this file starts with the name of the case; the best of them tells what the code costs.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { medianInterval, referenceKernelMs } from './measure.mjs';
import { flags, heading } from './report.mjs';

/**
 * @typedef {{ cpuMs: number, wallMs: number, blockedMs: number }} Sample
 */

/**
 * Upper bounds of the best sample, in ms.
 * @type {Record<string, Partial<Sample>>}
 */
const targets = {
  cold: { cpuMs: 50 },
  warm: { cpuMs: 5 },
  'slow nvidia-smi': { wallMs: 150, blockedMs: 20 },
  calibration: { wallMs: 300, blockedMs: 20 },
};

const root = fileURLToPath(new URL('../', import.meta.url));
const { BENCH_CASE: caseName, BENCH_WORKSPACE: directory = '' } = process.env;
if (caseName !== undefined && caseName in targets)
  console.log(JSON.stringify(await sample(caseName, directory)));
else await compareWithTargets();

async function compareWithTargets() {
  heading('Detection, in a running process');
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  // Below node_modules, so that the built code finds the packages it loads.
  const workspace = mkdtempSync(join(cache, 'bench-detection-'));
  const samples = Object.keys(targets).map((name) => ({ name, taken: /** @type {Sample[]} */ ([]) }));
  /** @type {number[]} */
  const referenceMs = [];
  try {
    await buildDetection(workspace);
    recordSlowTool(join(workspace, 'host'));
    for (let round = 0; round < Math.max(10, flags.pairs); round++) {
      referenceMs.push(referenceKernelMs());
      for (const { name, taken } of samples) taken.push(inFreshProcess(name, workspace));
    }
  } finally {
    rmSync(workspace, { recursive: true });
  }
  for (const { name, taken } of samples) report(name, taken);
  const { median, low, high } = medianInterval(referenceMs);
  if (flags.json) console.log(JSON.stringify({ name: 'reference kernel', referenceMs }));
  else console.log(`  reference kernel ${median.toFixed(0)} ms (${low.toFixed(0)}…${high.toFixed(0)})`);
}

/** As the package's own build, with the replay of recorded hosts as a second entry. @param {string} workspace */
async function buildDetection(workspace) {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/detect/detect.ts', 'src/host/recorded.ts'],
    bundle: true,
    splitting: true,
    format: 'esm',
    packages: 'external',
    outdir: join(workspace, 'dist'),
    platform: 'node',
    target: 'node20.19',
    logLevel: 'error',
  });
  copyFileSync(join(root, 'package.json'), join(workspace, 'package.json'));
}

/** A machine with two GPUs whose driver takes its time. @param {string} host */
function recordSlowTool(host) {
  cpSync(join(root, 'fixtures/hosts/linux-two-nvidia'), host, { recursive: true });
  const tool = join(host, 'bin/nvidia-smi');
  writeFileSync(tool, readFileSync(tool, 'utf8').replace('\n', '\n/bin/sleep 0.1\n'));
}

/** @param {string} name @param {string} workspace @returns {Sample} */
function inFreshProcess(name, workspace) {
  const env = { ...process.env, BENCH_CASE: name, BENCH_WORKSPACE: workspace };
  const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}\n${stderr}`);
  return JSON.parse(stdout);
}

/** @param {string} name @param {string} workspace @returns {Promise<Sample>} */
async function sample(name, workspace) {
  const load = (/** @type {string} */ file) => import(pathToFileURL(join(workspace, 'dist', file)).href);
  /** @type {() => Promise<typeof import('../src/detect/detect.js')>} */
  const detection = () => load('detect.js');
  const options = { projectDir: root, cacheDirectory: mkdtempSync(join(workspace, 'cache-')) };
  if (name === 'cold') {
    // With the time that loading the code takes.
    return timed(async () => (await detection()).detectMachine(options));
  }
  const { detectMachine } = await detection();
  if (name === 'slow nvidia-smi') {
    /** @type {typeof import('../src/host/recorded.js')} */
    const { recordedHost } = await load('recorded-host.js');
    const host = recordedHost(join(workspace, 'host'));
    return timed(() => detectMachine({ ...options, host }));
  }
  await detectMachine(options);
  // Calibration is timed with the few milliseconds of the warm detection around it.
  return timed(() => detectMachine({ ...options, calibrate: name === 'calibration' }));
}

/** @param {() => Promise<unknown>} action @returns {Promise<Sample>} */
async function timed(action) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  // The first measurement of the delay is its own start.
  delay.enable();
  await setTimeout(20);
  delay.reset();
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  await action();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  await setTimeout(2);
  return { cpuMs: (user + system) / 1000, wallMs, blockedMs: delay.max / 1e6 };
}

/** @param {string} name @param {readonly Sample[]} taken */
function report(name, taken) {
  const measures = /** @type {const} */ (['cpuMs', 'wallMs', 'blockedMs']);
  const best = Object.fromEntries(measures.map((key) => [key, Math.min(...taken.map((each) => each[key]))]));
  const target = targets[name] ?? {};
  const met = measures.every((key) => (best[key] ?? NaN) <= (target[key] ?? Number.POSITIVE_INFINITY));
  if (flags.json) {
    console.log(JSON.stringify({ name, best, target, met, samples: taken }));
    return;
  }
  const cells = measures.map((key) => {
    const { median } = medianInterval(taken.map((each) => each[key]));
    const limit = target[key] === undefined ? '' : ` of ${target[key]}`;
    return `${key.replace('Ms', '')} ${best[key]?.toFixed(1)}${limit} ms (median ${median.toFixed(1)})`;
  });
  console.log(`  ${name.padEnd(16)} ${cells.join('   ')}   ${met ? 'within' : 'OVER'}`);
}
