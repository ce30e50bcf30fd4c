/**
 * Jest on a fleet: a real Redis, real workers on this machine, suites that wait, so that few processors do. Total time on 4
 * unequal workers over the best possible time, the time from a killed worker to the start of its suites elsewhere, and what a
 * suite and an idle second cost the broker (commands, bytes, its CPU).
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { difference, loadOf } from './broker-load.mjs';
import { jest, newestRecord, section, show } from './far.mjs';
import { randomFrom } from './instances.mjs';
import { workspace } from './projects.mjs';
import { flags } from './report.mjs';
import { source } from './source.mjs';

const times = Math.min(7, flags.pairs);
// The harness declares tests of these names; here nothing runs them.
globalThis.test ??= { skip() {} };
globalThis.describe ??= { skip() {} };
const { startRedis, lowerBoundMs } = await source(
  '../__tests__/e2e/harness/redis-server.ts',
  'core/planner/plan.ts',
);
const root = workspace();
const redis = await startRedis();
let started = 0;

try {
  await section('unequal', unequal);
  await section('restart', restarting);
  await section('load', loading);
} finally {
  await redis.dispose();
}

/**
 * 200 suites of 0.1 to 2 s on 1, 2, 3 and 4 places: without and with what earlier runs have learned. The best possible is of the
 * durations that the suites really had: with all places from the first start on, and with each from when its machine had joined.
 */
async function unequal() {
  const random = randomFrom(19);
  const directory = makeProject(
    'unequal',
    Array.from({ length: 200 }, () => Math.round(100 + 1900 * random.next())),
  );
  const workers = await Promise.all([1, 2, 3, 4].map((shares, index) => startWorker(`box-${index}`, shares)));
  const ratios = { cold: { all: [], joined: [] }, learned: { all: [], joined: [] } };
  for (let n = 0; n < Math.min(3, times); n += 1) {
    rmSync(join(directory, '.jest-hardware'), { recursive: true, force: true });
    for (const ofState of Object.values(ratios)) {
      const { events } = await jest(directory);
      const lost = events.filter(({ type }) => type === 'machine-lost');
      if (lost.length > 0) console.log(`  left out: ${lost.length} machines were lost`);
      else for (const [what, ratio] of Object.entries(overBound(events))) ofState[what].push(100 * ratio);
    }
  }
  for (const [state, { all, joined }] of Object.entries(ratios)) {
    show(`200 suites on 1 + 2 + 3 + 4 places, ${state}: total time over the best possible`, all, '%');
    show(`the same, ${state}, with each place from its first start on`, joined, '%');
  }
  await Promise.all(workers.map((worker) => worker.end()));
}

function overBound(events) {
  const starts = events.filter(({ type }) => type === 'suite-started');
  const ends = events.filter(({ type, status }) => type === 'suite-ended' && status === undefined);
  const firstMs = Math.min(...starts.map(({ atMs }) => atMs));
  const freeAtMs = new Map();
  for (const { placement, atMs } of starts)
    if (!freeAtMs.has(placement.slotId)) freeAtMs.set(placement.slotId, atMs - firstMs);
  const slots = freeAtMs.size;
  const boundMs = (freeAt) =>
    lowerBoundMs({
      machines: [{ name: 'all', workers: slots, cpuThreads: slots, memoryBytes: 1 }],
      pools: [{ name: 'all', machine: 0, slots, freeAtMs: freeAt }],
      suites: ends.map(({ suiteId, durationMs }) => ({ id: suiteId, durationMs: [durationMs] })),
    });
  const totalMs = Math.max(...ends.map(({ atMs }) => atMs)) - firstMs;
  return {
    all: totalMs / boundMs(Array(slots).fill(0)),
    joined: totalMs / boundMs([...freeAtMs.values()]),
  };
}

/** From SIGKILL of a worker to the start of its suites elsewhere. */
async function restarting() {
  const declaredMs = [];
  const startedMs = [];
  const directory = makeProject('restart', Array(4).fill(6000));
  // Each has room for all suites.
  const workers = new Map();
  const start = async (name) => workers.set(name, await startWorker(name, 8));
  await Promise.all(['box-0', 'box-1'].map(start));
  for (let n = 0; n < times; n += 1) {
    rmSync(join(directory, '.jest-hardware'), { recursive: true, force: true });
    const running = jest(directory);
    const busy = await Promise.race([running.then(() => undefined), busyMachine(directory)]);
    if (busy === undefined) throw new Error('no machine was seen busy');
    workers.get(busy).kill();
    const killedAtMs = Date.now();
    const { events } = await running;
    const sinceKill = ({ atMs }) => Date.parse(events[0].startedAt) + atMs - killedAtMs;
    declaredMs.push(sinceKill(events.find(({ type }) => type === 'machine-lost')));
    for (const event of events) {
      if (event.type === 'suite-started' && event.attempt === 2) startedMs.push(sinceKill(event));
    }
    await start(busy);
  }
  show('worker killed: machine lost after', declaredMs);
  show('worker killed: its suites started elsewhere after', startedMs);
  await Promise.all([...workers.values()].map((worker) => worker.end()));
}

/** @returns The machine of the first suite that has started. */
async function busyMachine(directory) {
  for (;;) {
    const start = recordOf(directory).find(({ type }) => type === 'suite-started');
    if (start !== undefined) return start.placement.slotId.split('/')[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function recordOf(directory) {
  try {
    return newestRecord(directory);
  } catch {
    // Its last line is being written, or there is none yet.
    return [];
  }
}

/** Commands, bytes and CPU of the broker for each suite: two runs that differ in their number alone. */
async function loading() {
  const commands = new Redis(redis.port, '127.0.0.1');
  const workers = await Promise.all(['box-0', 'box-1'].map((name) => startWorker(name, 2)));
  const [few, many] = [40, 240];
  const perSuite = { commands: [], bytesIn: [], bytesOut: [], cpuMs: [], runMs: [] };
  let byCommand = {};
  // Suites of equal total length: beats are the same in both.
  const projects = {
    [few]: makeProject('few', Array(few).fill(600)),
    [many]: makeProject('many', Array(many).fill(100)),
  };
  for (const directory of Object.values(projects)) await jest(directory);
  for (let n = 0; n < Math.min(3, times); n += 1) {
    const loads = [];
    for (const count of [few, many]) {
      const before = await loadOf(commands);
      const { cpuMs: runMs } = await jest(projects[count]);
      loads.push({ ...difference(before, await loadOf(commands)), runMs });
    }
    const [less, more] = loads;
    for (const key of Object.keys(perSuite)) perSuite[key].push((more[key] - less[key]) / (many - few));
    byCommand = Object.fromEntries(
      Object.entries(more.byCommand).map(([name, count]) => [
        name,
        (count - (less.byCommand[name] ?? 0)) / (many - few),
      ]),
    );
  }
  show('broker, for each suite: commands', perSuite.commands, '');
  show('broker, for each suite: bytes to it', perSuite.bytesIn, 'B');
  show('broker, for each suite: bytes from it', perSuite.bytesOut, 'B');
  show(
    'broker, for each suite: its CPU',
    perSuite.cpuMs.map((ms) => ms * 1000),
    'µs',
  );
  show(
    "for each suite: CPU of Jest's own process",
    perSuite.runMs.map((ms) => ms * 1000),
    'µs',
  );
  const most = Object.entries(byCommand)
    .filter(([, count]) => count >= 0.3)
    .sort(([, a], [, b]) => b - a);
  console.log(`  ${most.map(([name, count]) => `${name} ${count.toFixed(1)}`).join(', ')}`);
  await Promise.all(workers.map((worker) => worker.end()));
  commands.disconnect();
}

/** Suites that need a GPU, so that they run on the fleet alone. */
function makeProject(name, sleeps) {
  const directory = join(root, name);
  mkdirSync(directory);
  const options = { connect: redis.url };
  const files = {
    '.gitignore': '.jest-hardware\n',
    'package.json': '{}',
    'jest.config.mjs': `import { withHardware } from 'jest-runner-hardware';\nexport default withHardware({}, ${JSON.stringify(options)});\n`,
  };
  for (const [index, ms] of sleeps.entries())
    files[`s${index}.test.js`] =
      `/** @hardware gpu */\ntest('waits', () => new Promise((end) => setTimeout(end, ${ms})), 60_000);\n`;
  for (const [path, content] of Object.entries(files)) writeFileSync(join(directory, path), content);
  const git = (...args) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: directory });
  execFileSync('git', ['init', '--quiet', '--bare', `${directory}.git`]);
  git('init', '--quiet');
  git('remote', 'add', 'origin', `${directory}.git`);
  git('add', '--all');
  git('commit', '--quiet', '--message=x');
  return directory;
}

/** A machine with a GPU that so many suites share. */
async function startWorker(name, shares) {
  const home = join(root, `home-${started++}`);
  mkdirSync(home);
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  const gpu = { id: 'gpu0', class: 'gpu', shares, memoryBytes: '8GiB' };
  writeFileSync(join(home, 'machine.json'), JSON.stringify({ version: 1, devices: [gpu] }));
  const command = join(root, 'node_modules/jest-runner-hardware/dist/cli/main.js');
  const flagsOfWorker = [
    '--root',
    join(home, 'worker'),
    '--machine',
    'machine.json',
    '--setup',
    'none',
    '--workers',
    `${shares}`,
  ];
  const child = spawn(
    process.execPath,
    [command, 'worker', '--connect', redis.url, '--name', name, ...flagsOfWorker],
    {
      cwd: home,
      env: { ...process.env, HOME: home, JEST_HARDWARE_CLAIMS: join(home, 'claims') },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const ended = once(child, 'exit');
  let log = '';
  await new Promise((resolve, reject) => {
    child.stderr.on('data', (text) => {
      log += text;
      if (log.includes('has joined the fleet')) resolve();
    });
    child.once('exit', () => reject(new Error(log)));
  });
  return {
    kill: () => child.kill('SIGKILL'),
    async end() {
      child.kill();
      await ended;
    },
  };
}
