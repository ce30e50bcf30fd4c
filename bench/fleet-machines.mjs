/** Machines of a fleet without Jest: `FleetServer`s in processes of their own, and a run that talks with them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { source } from './source.mjs';

const secret = 'a secret of the fleet, for benches';
const sourceFolder = fileURLToPath(new URL('../src', import.meta.url));
const { Broker, FleetClient } = await source(
  'transport/bullmq/broker.ts',
  'transport/bullmq/fleet-client.ts',
);
const program = await buildMachines();

/**
 * A run, and its connections to so many machines.
 * @param {number} port Of the broker, on this machine.
 * @param {number} [machines]
 */
export async function enter(port, machines = 1) {
  const broker = await Broker.open({ url: `redis://127.0.0.1:${port}` });
  const come = [];
  let tell = () => {};
  const client = new FleetClient({
    broker,
    secret,
    onMachines(registrations) {
      come.push(...registrations);
      tell();
    },
  });
  await client.start();
  while (come.length < machines) await new Promise((resolve) => (tell = resolve));
  const { signal } = new AbortController();
  const connections = await Promise.all(
    come.map((each) => client.transportTo(each).connect({ onNotice() {} }, signal)),
  );
  return {
    connections,
    connection: connections[0],
    async leave() {
      await Promise.all(connections.map((each) => each.close()));
      await client.close();
    },
  };
}

/**
 * Machines of these names, all in one process of their own.
 * @param {number} port Of the broker, on this machine.
 * @param {...string} names
 */
export async function startMachines(port, ...names) {
  const child = spawn(process.execPath, [program, `redis://127.0.0.1:${port}`, ...names], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  return {
    kill: () => child.kill('SIGKILL'),
    /** @returns {Promise<number>} CPU time of all of them until now, ms. */
    async cpuMs() {
      child.send('cpu');
      const [{ user, system }] = await once(child, 'message');
      return (user + system) / 1000;
    },
    async end() {
      child.kill();
      await ended;
    },
  };
}

async function buildMachines() {
  const outfile = join(
    fileURLToPath(new URL('../node_modules/.cache', import.meta.url)),
    'bench-fleet-worker.mjs',
  );
  const contents = `
    import { Broker } from './transport/bullmq/broker.js';
    import { FleetServer } from './transport/bullmq/fleet-server.js';
    import { workerKey } from './transport/bullmq/signature.js';
    import { TaskQueues } from './remote/task-queues.js';
    const [url, ...names] = process.argv.slice(2);
    const gpu = { id: 'gpu0', class: 'gpu', vendor: 'nvidia', model: 'NVIDIA L4', memoryBytes: 24e9, backends: ['cuda', 'vulkan'] };
    const cpu = { id: 'cpu', class: 'cpu', model: 'AMD EPYC 9354', memoryBytes: 64e9, backends: [] };
    const labels = { precisions: ['fp32', 'fp16', 'int8'], features: ['avx2', 'tensor-cores'], usable: true, software: false, evidence: {} };
    const facts = { platform: 'linux', arch: 'x64', cpuBudget: 32, memoryBudgetBytes: 64e9 };
    async function task({ sleepMs = 0, length = 0 }) {
      const startedMs = performance.timeOrigin + performance.now();
      if (sleepMs > 0) await new Promise((resolve) => setTimeout(resolve, sleepMs));
      return { startedMs, text: 'x'.repeat(length), tookMs: performance.timeOrigin + performance.now() - startedMs };
    }
    const serve = () => {
      const queues = new TaskQueues();
      return {
        handlers: {
          task,
          ping: async () => null,
          run: ({ queue, number, task: asked }, { signal }) =>
            queues.run({ queue, number }, signal, async () => Math.round((await task(asked)).tookMs)),
        },
        onNotice: (notice, number) => notice === 'take-back' && queues.takeBack(number),
        close() {},
      };
    };
    const servers = [];
    for (const name of names) {
      const machine = { version: 1, machine: { ...facts, name }, devices: [{ ...cpu, ...labels }, { ...gpu, ...labels }], problems: [] };
      const server = new FleetServer({
        broker: await Broker.open({ url }),
        name,
        key: workerKey(${JSON.stringify(secret)}, name),
        about: () => ({ protocol: 1, version: '0.1.0', machine, load: { runs: 0, suites: {} } }),
        serve,
      });
      await server.start();
      servers.push(server);
    }
    process.on('message', () => process.send(process.cpuUsage()));
    process.on('SIGTERM', async () => {
      await Promise.all(servers.map((server) => server.close()));
      process.exit();
    });
    console.log('joined');
  `;
  await build({
    stdin: { contents, resolveDir: sourceFolder, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}
