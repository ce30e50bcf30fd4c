/**
 * Another machine over ssh: a real sshd of our own on this machine, and the same through a proxy that delays by 40 ms in each
 * direction. Medians, with lowest and highest. Suites sleep, as two machines share these processors.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { busyShare, driven, jest, newestRecord, section, show, timed } from './far.mjs';
import { workspace } from './projects.mjs';
import { flags } from './report.mjs';
import { source } from './source.mjs';

const times = Math.min(7, flags.pairs);
const sourceFolder = fileURLToPath(new URL('../src', import.meta.url));
// The harness declares a test of the name; here nothing runs it.
globalThis.test ??= { skip() {} };
const { startSshHost, startLink, sshTransport, RemoteMachine, workingTree, protocolVersion } = await source(
  '../__tests__/e2e/harness/ssh-server.ts',
  '../__tests__/e2e/harness/link.ts',
  'transport/ssh/ssh-transport.ts',
  'remote/remote-machine.ts',
  'remote/protocol.ts',
  'sync/working-tree.ts',
);

const root = workspace();
const box = await startSshHost('box');
symlinkSync(join(root, 'node_modules'), join(box.home, 'node_modules'));
const link = await startLink(box.port, 40);
const links = { loopback: box.port, '80 ms': link.port };
const projects = { tasks: makeProject('tasks', 1000, {}) };

try {
  await buildEcho();
  await section('connect', connecting);
  await section('tasks', tasks);
  await section('sync', syncing);
  await section('lost', losing);
  await section('slots', slots);
  await section('Jest slots', jestSlots);
  await section('edit', editing);
  await section('watch', watching);
} finally {
  link.close();
  box.dispose();
}

/** Until the machine is known, by a login of its own and by a connection that ssh keeps. */
async function connecting() {
  for (const [way, port] of Object.entries(links)) {
    const shared = [
      'ControlMaster=auto',
      `ControlPath=${join(root, `control-${port}`)}`,
      'ControlPersist=20',
    ];
    const warm = shared.flatMap((setting) => ['-o', setting]);
    // The first sends the program, or opens the connection that is kept.
    for (const [name, args] of Object.entries({ cold: [], 'warm ControlMaster': warm })) {
      await (await joined(port, args)).leave();
      const ms = [];
      for (let n = 0; n < times; n += 1) {
        const { tookMs, leave } = await joined(port, args);
        ms.push(tookMs.connect);
        await leave();
      }
      show(`connect until known, ${name}, ${way}`, ms);
    }
  }
}

/** A task that does nothing, and one whose result has 5 MB. */
async function tasks() {
  for (const [way, port] of Object.entries(links)) {
    const { remote, leave } = await joined(port);
    const ask = (task) => remote.run(task, { queue: 'a', signal: new AbortController().signal });
    await ask({ length: 0 });
    show(`task round trip, ${way}`, await timed(40, () => ask({ length: 0 })));
    show(`result of 5 MB, ${way}`, await timed(times, () => ask({ length: 5_000_000 })));
    await leave();
  }
}

/** What a run waits for after the machine is known. */
async function syncing() {
  for (const [way, port] of Object.entries(links)) {
    const unchanged = [];
    const edited = [];
    await (await joined(port)).leave();
    for (let n = 0; n < times; n += 1) {
      const same = await joined(port);
      unchanged.push(same.tookMs.send + same.tookMs.prepare);
      await same.leave();
      writeFileSync(join(projects.tasks, 'module-7.js'), `module.exports = ${n} + ${port};\n`);
      const other = await joined(port);
      edited.push(other.tookMs.send + other.tookMs.prepare);
      await other.leave();
    }
    show(`1,000 files, nothing changed: send and check out, ${way}`, unchanged);
    show(`1,000 files, one edit: send and check out, ${way}`, edited);
  }
}

async function losing() {
  const killed = [];
  const swallowed = [];
  for (let n = 0; n < 3; n += 1) {
    const { remote } = await joined(box.port);
    const { result } = await remote.run({ worker: true }, { queue: 'a' });
    const startedMs = performance.now();
    process.kill(result, 'SIGKILL');
    await remote.lost;
    killed.push(performance.now() - startedMs);
    await remote.leave(false);
  }
  for (let n = 0; n < 3; n += 1) {
    const hole = await startLink(box.port, 0);
    const { remote } = await joined(hole.port);
    const startedMs = performance.now();
    hole.swallow();
    await remote.lost;
    swallowed.push(performance.now() - startedMs);
    await remote.leave(false);
    hole.close();
  }
  show('worker killed: known after', killed);
  show('black hole: known after', swallowed);
}

/** The share of the time that 4 slots are busy: tasks that only sleep, by the scheduler and the driver of a run. */
async function slots() {
  for (const [sleepMs, count] of [
    [200, 80],
    [1000, 32],
  ]) {
    for (const [way, port] of Object.entries(links)) {
      const { remote, slots: found, machine, leave } = await joined(port);
      const events = await driven({ machine, slots: found, count }, ({ placement, ahead }, signal) =>
        remote.run({ sleepMs }, { queue: placement.slotId, signal, recall: ahead?.recall }),
      );
      await leave();
      show(`4 slots busy, tasks of ${sleepMs} ms, ${way}`, [busyShare(events) * 100], '%');
    }
  }
}

/** The same with Jest there. Its own work between two suites counts as idle, too. */
async function jestSlots() {
  const suite = "/** @hardware gpu */\ntest('sleeps', () => new Promise((end) => setTimeout(end, 200)));\n";
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`s${n}.test.js`, suite]));
  for (const [way, port] of Object.entries(links)) {
    const directory = makeProject(`slots-${port}`, 0, files, port);
    await jest(directory);
    const shares = [busyShare((await jest(directory)).events), busyShare((await jest(directory)).events)];
    show(
      `4 slots busy, Jest's suites that sleep 200 ms, ${way}`,
      shares.map((share) => share * 100),
      '%',
    );
  }
}

/** `npx jest` with one suite that runs there: from the edit to the exit. */
async function editing() {
  const suite = `/** @hardware gpu */\ntest('there', () => expect(require('./module-7')).toBeDefined());\n`;
  for (const [way, port] of Object.entries(links)) {
    const directory = makeProject(`edit-${port}`, 1000, { 'gpu.test.js': suite }, port);
    await jest(directory);
    const [all, toResult] = [[], []];
    for (let n = 0; n < times; n += 1) {
      writeFileSync(join(directory, 'module-7.js'), `module.exports = ${n};\n`);
      const { wallMs, events } = await jest(directory);
      all.push(wallMs);
      const end = events.find(({ type }) => type === 'suite-ended');
      toResult.push(end.atMs - end.durationMs);
    }
    show(`one edit in 1,000 files: run begun until result, without the suite, ${way}`, toResult);
    show(`one edit in 1,000 files: all of \`jest\`, ${way}`, all);
  }
}

/** The same in watch mode: from the edit until the report has been printed. */
async function watching() {
  const suite = `/** @hardware gpu */\ntest('there', () => expect(require('./module-7')).toBeDefined());\n`;
  for (const [way, port] of Object.entries(links)) {
    const directory = makeProject(`watch-${port}`, 1000, { 'gpu.test.js': suite }, port);
    const child = spawn(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), '--watchAll'], {
      cwd: directory,
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: 120_000,
    });
    let output = '';
    let seen = () => {};
    child.stderr.on('data', (text) => {
      output += text;
      if (output.includes('busy: ')) seen();
    });
    const reported = () => new Promise((resolve) => (seen = resolve));
    await reported();
    const all = [];
    const toResult = [];
    for (let n = 0; n < times; n += 1) {
      // Jest takes no edit while it ends a run.
      await new Promise((end) => setTimeout(end, 1000));
      output = '';
      const startedMs = performance.now();
      writeFileSync(join(directory, 'module-7.js'), `module.exports = ${n} + ${port};\n`);
      await reported();
      const wallMs = performance.now() - startedMs;
      if (!output.includes('1 passed')) throw new Error(output);
      const { durationMs } = newestRecord(directory).find(({ type }) => type === 'suite-ended');
      all.push(wallMs);
      toResult.push(wallMs - durationMs);
    }
    child.kill();
    show(`one edit in 1,000 files, watch mode: edit until report, without the suite, ${way}`, toResult);
    show(`one edit in 1,000 files, watch mode: edit until report, ${way}`, all);
  }
}

function makeProject(name, modules, files, port = 0) {
  const directory = join(root, name);
  const all = {
    '.gitignore': '.jest-hardware\n',
    'package.json': '{}',
    'jest.config.mjs': `import { withHardware } from 'jest-runner-hardware';\nexport default withHardware({}, ${JSON.stringify(
      {
        machines: [
          {
            ssh: 'box',
            sshArgs: ['-F', box.configFile, '-o', `Port=${port}`],
            setup: false,
            workers: 4,
            machine: { version: 1, devices: [{ id: 'gpu0', class: 'gpu', shares: 4, memoryBytes: '8GiB' }] },
          },
        ],
      },
    )});\n`,
    ...files,
  };
  for (let n = 0; n < modules; n += 1)
    all[`module-${n}.js`] = `module.exports = ${n};\n`.repeat(1 + (n % 40));
  mkdirSync(directory);
  for (const [path, content] of Object.entries(all)) writeFileSync(join(directory, path), content);
  const git = (...args) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: directory });
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message=x');
  return directory;
}

/** The machine with a program that answers tasks at once. */
async function joined(port, sshArgs = []) {
  const packed = readFileSync(join(root, 'node_modules/jest-runner-hardware/dist/worker.cjs.gz'));
  const remote = new RemoteMachine({
    transport: sshTransport({
      name: 'box',
      address: { destination: 'box' },
      sshArgs: ['-F', box.configFile, '-o', `Port=${port}`, ...sshArgs],
      directory: '~/.cache/jest-runner-hardware',
      program: { packed, hash: `bench-${packed.length}`, protocol: protocolVersion },
    }),
    detect: { classes: ['gpu'], lazy: [] },
    tree: workingTree(projects.tasks),
    prepare: { env: {}, setup: false },
    workers: 4,
    program: () => ({
      directory: '',
      nodeArgs: [],
      module: 'echo-program',
      args: [],
      env: {},
      setup: null,
      lazy: false,
    }),
    onNotice() {},
    onLead() {},
  });
  const { tookMs, slots, machine } = await remote.join(new AbortController().signal);
  return { remote, tookMs, slots, machine, leave: () => remote.leave(false) };
}

/** What stands in for Jest there. */
async function buildEcho() {
  const folder = join(root, 'node_modules/echo-program');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "name": "echo-program", "main": "index.cjs" }');
  await build({
    stdin: {
      contents: `import { Socket } from 'node:net';
import { Channel } from './transport/channel.ts';
const pipe = new Socket({ fd: 3, readable: true, writable: true });
const text = 'a result has many words of its own '.repeat(200_000);
const channel = new Channel({ input: pipe, output: pipe, handlers: {
  setup: async () => null,
  run: async ({ length, worker, sleepMs }) => {
    if (sleepMs === undefined) return worker ? process.ppid : text.slice(0, length);
    const startedMs = performance.now();
    await new Promise((end) => setTimeout(end, sleepMs));
    return performance.now() - startedMs;
  },
  finish: async () => process.exit(0),
} });
void channel.lost.then(() => process.exit(0));`,
      resolveDir: sourceFolder,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: join(folder, 'index.cjs'),
    logLevel: 'error',
  });
}
