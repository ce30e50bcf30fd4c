/**
 * What a fleet costs in which nothing runs: commands, bytes and CPU of the broker, and CPU of machines and of a run, each for a
 * machine and for a conversation of a run with a machine. From fleets of 8 and of 32 machines, many in one process.
 */
import { Redis } from 'ioredis';
import { difference, loadOf } from './broker-load.mjs';
import { section, show } from './far.mjs';
import { enter, startMachines } from './fleet-machines.mjs';
import { flags } from './report.mjs';
import { source } from './source.mjs';

const times = Math.min(3, flags.pairs);
const watchedSeconds = 8;
// The harness declares tests of these names; here nothing runs them.
globalThis.test ??= { skip() {} };
globalThis.describe ??= { skip() {} };
const { startRedis } = await source('../__tests__/e2e/harness/redis-server.ts');
const redis = await startRedis();
const commands = new Redis(redis.port, '127.0.0.1');

try {
  await section('idle', idle);
  await section('core', oneCore);
} finally {
  commands.disconnect();
  await redis.dispose();
}

async function idle() {
  const [few, many] = [8, 32];
  const figures = {};
  const note = (what, less, more, name, unit) => {
    const key = `${what}: ${name}`;
    figures[key] ??= { values: [], unit };
    figures[key].values.push((more - less) / (many - few) / watchedSeconds);
  };
  let byCommand;
  for (let n = 0; n < times; n += 1) {
    const [less, more] = [await watched(few), await watched(many)];
    for (const [what, key] of [
      ['a machine without a run, a second', 'alone'],
      ['a machine with a run, a second', 'inRun'],
    ]) {
      note(what, less[key].commands, more[key].commands, 'commands', '');
      note(what, less[key].bytesIn, more[key].bytesIn, 'bytes to the broker', 'B');
      note(what, less[key].bytesOut, more[key].bytesOut, 'bytes from the broker', 'B');
      note(what, less[key].cpuMs * 1000, more[key].cpuMs * 1000, 'CPU of the broker', 'µs');
      note(what, less[key].machinesMs * 1000, more[key].machinesMs * 1000, 'CPU of the machine', 'µs');
      note(what, less[key].runMs * 1000, more[key].runMs * 1000, 'CPU of the run', 'µs');
    }
    byCommand = more;
  }
  for (const [what, { values, unit }] of Object.entries(figures)) show(what, values, unit);
  for (const key of ['alone', 'inRun']) {
    const all = Object.entries(byCommand[key].byCommand).sort(([, a], [, b]) => b - a);
    const each = all.map(([name, count]) => `${name} ${(count / many / watchedSeconds).toFixed(1)}`);
    console.log(`  ${key}, a machine and second: ${each.join(', ')}`);
  }
}

/** So many machines, first without and then with a run that talks with all of them. */
async function watched(count) {
  const names = Array.from({ length: count }, (_, index) => `box-${index}`);
  const machines = await startMachines(redis.port, ...names);
  const alone = await during(machines);
  const { leave } = await enter(redis.port, count);
  const inRun = await during(machines);
  await leave();
  await machines.end();
  return { alone, inRun };
}

async function during(machines) {
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  // Until what came with the start has been done.
  await wait(2000);
  const [before, machinesBefore, runBefore] = [
    await loadOf(commands),
    await machines.cpuMs(),
    process.cpuUsage(),
  ];
  await wait(watchedSeconds * 1000);
  const { user, system } = process.cpuUsage(runBefore);
  return {
    machinesMs: (await machines.cpuMs()) - machinesBefore,
    ...difference(before, await loadOf(commands)),
    runMs: (user + system) / 1000,
  };
}

/** How much a core of this machine does: the commands of a beat, 50 at once. */
async function oneCore() {
  const rates = [];
  for (let n = 0; n < times; n += 1) {
    const before = await loadOf(commands);
    for (let batch = 0; batch < 400; batch += 1) {
      const asked = commands.pipeline();
      for (let index = 0; index < 50; index += 1)
        asked.hset('a', `box-${index}`, batch).zadd('b', batch, `box-${index}`).hget('a', `box-${index}`);
      await asked.exec();
    }
    const { commands: count, cpuMs } = difference(before, await loadOf(commands));
    rates.push(count / (cpuMs / 1000));
  }
  show('simple commands in pipelines, for each second of the broker’s CPU', rates, '/s');
}
