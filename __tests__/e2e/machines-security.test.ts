/** Whoever may log in on a machine may run code there; nothing more is added, there or here. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repository } from './harness/install.js';
import { runJest } from './harness/jest.js';
import { leaveMachines, placesOf, useMachine } from './harness/machine.js';
import { type SshHost, startSshHost, testWithSsh } from './harness/ssh-server.js';

const hosts: SshHost[] = [];
const folder = mkdtempSync(join(tmpdir(), 'jrh-security-'));
afterAll(async () => {
  for (const host of hosts) host.dispose();
  rmSync(folder, { recursive: true, force: true });
  await leaveMachines();
});

testWithSsh('a key that may only start a worker runs suites, in the folder that its line names', async () => {
  const worker = `'${process.execPath}' '${join(repository, 'dist/cli/main.js')}' worker --stdio --root ~/.cache/allowed`;
  const host = await startSshHost('gpu-box', `command="${worker}",restrict`);
  hosts.push(host);
  const project = await useMachine({
    host,
    machine: { directory: '~/elsewhere' },
    files: {
      'gpu.test.js':
        "/** @hardware gpu */\ntest('where', () => expect(__dirname).toContain('/.cache/allowed/projects/'));\n",
    },
  });
  const run = await runJest(project, []);
  expect(run.stderr).toContain('1 passed');
  expect(placesOf(run.record)['gpu.test.js']).toBe('gpu-box/gpu0');
  expect(readdirSync(host.home)).not.toContain('elsewhere');
});

const secret = 'never-to-be-seen-5f1e';

testWithSsh(
  'values of the environment are in no process list, in no record, and in no file there',
  async () => {
    const project = await useMachine({
      machine: { env: ['TOKEN'] },
      files: {
        'gpu.test.js': `/** @hardware gpu */
const { readFileSync, readdirSync } = require('node:fs');
test('it is there', () => expect(process.env.TOKEN).toHaveLength(${secret.length}));
test('nobody sees it', () => {
  const lines = readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).map((pid) => {
    try { return readFileSync('/proc/' + pid + '/cmdline', 'utf8'); } catch { return ''; }
  });
  expect(lines.some((line) => line.includes('jest'))).toBe(true);
  expect(lines.filter((line) => line.includes(process.env.TOKEN))).toEqual([]);
});
test('no agent of whoever sent this', () => expect(process.env.SSH_AUTH_SOCK).toBeUndefined());
`,
      },
    });
    const run = await runJest(project, [], { env: { TOKEN: secret } });
    expect(run.stderr).toContain('3 passed');
    expect(JSON.stringify(run.record)).not.toContain(secret);
    for (const directory of [join(project.directory, '.jest-hardware'), join(project.box.home, '.cache')]) {
      const holding = readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => readFileSync(path).includes(secret));
      expect(holding).toEqual([]);
    }
  },
);

testWithSsh('one device is used once, also where the other machine is this one', async () => {
  const device = {
    id: 'gpu0',
    class: 'gpu',
    model: 'Test GPU',
    memoryBytes: '8GiB',
    backends: ['cuda'],
    pciAddress: '0000:01:00.0',
  };
  const machineFile = { version: 1, devices: [device] };
  const lock = join(folder, 'in-use');
  const suite = `/** @hardware gpu */
const { rmSync, writeFileSync } = require('node:fs');
test('alone', async () => {
  writeFileSync(${JSON.stringify(lock)}, '', { flag: 'wx' });
  for (let each = 0; each < 20; each++) await new Promise((resolve) => setTimeout(resolve, 10));
  rmSync(${JSON.stringify(lock)});
});
`;
  const project = await useMachine({
    options: { machine: machineFile },
    // The tests' own folder of claims, in place of the one that all runs of a host have.
    machine: { name: 'localhost', machine: machineFile, env: ['JEST_HARDWARE_CLAIMS'] },
    files: Object.fromEntries([1, 2, 3, 4, 5, 6].map((each) => [`gpu${each}.test.js`, suite])),
  });
  const run = await runJest(project, []);
  expect(run.stderr).toContain('6 passed, 6 total');
});

const lyingWorker = fileURLToPath(new URL('./lies/worker.cjs', import.meta.url));
const onGpu = "/** @hardware gpu */\ntest('there', () => {});\n";

/** A machine whose worker is the real one, but for what it answers; see `lies/lies.cjs`. */
async function startLiar(lie: string): Promise<SshHost> {
  const main = join(repository, 'dist/cli/main.js');
  const command = [process.execPath, lyingWorker, main, '~/.cache/jest-runner-hardware', lie];
  const words = command.map((word) => `'${word}'`).join(' ');
  const host = await startSshHost('liar', `command="${words}",restrict`);
  hosts.push(host);
  return host;
}

testWithSsh('what a machine that lies says of suites is refused, and each has one result', async () => {
  const lies: Readonly<Record<string, RegExp | undefined>> = {
    another: /it is the result of ".*\/honest\.test\.js"/,
    broken: /outcome\.result\.testResult\.snapshot is null, expected an object/,
    cancelled: /it was cancelled, and nobody stopped it/,
    events: undefined,
    'given-back': /it says that it gave back what nobody took back/,
    honest: undefined,
    large: /__snapshots__\/large\.test\.js\.snap was changed there and not here: it is larger than 16 MiB/,
    link: /__snapshots__\/link\.test\.js\.snap was changed there and not here: a symbolic link leads elsewhere/,
    neighbour: /honest\.test\.js\.snap was changed there and not here: it is no snapshot of the suite/,
    'other-id': undefined,
    outside: /outside\.txt was changed there and not here: it lies outside of the repository/,
    twice: undefined,
  };
  const ids = Object.keys(lies).map((name) => `${name}.test.js`);
  const project = await useMachine({
    host: await startLiar('suites'),
    files: Object.fromEntries(ids.map((id) => [id, onGpu])),
  });
  const kept = join(folder, 'kept');
  writeFileSync(kept, 'kept\n');
  mkdirSync(join(project.directory, '__snapshots__'));
  symlinkSync(kept, join(project.directory, '__snapshots__/link.test.js.snap'));
  const run = await runJest(project, ['--verbose']);
  for (const reason of Object.values(lies)) if (reason !== undefined) expect(run.stderr).toMatch(reason);
  const results = run.json.testResults.filter(({ name }: { name: string }) => ids.includes(basename(name)));
  expect(results.map(({ name }: { name: string }) => basename(name)).sort()).toEqual(ids);
  const failed = results.filter(({ status }: { status: string }) => status === 'failed');
  expect(failed.map(({ name }: { name: string }) => basename(name)).sort()).toEqual([
    'another.test.js',
    'broken.test.js',
    'cancelled.test.js',
    'given-back.test.js',
  ]);
  const ended = run.record.flatMap((event) => (event.type === 'suite-ended' ? [event.suiteId] : []));
  expect(ended.filter((id) => ids.includes(id)).sort()).toEqual(ids);
  expect(readFileSync(kept, 'utf8')).toBe('kept\n');
  expect(existsSync(join(project.directory, '../outside.txt'))).toBe(false);
  expect(readdirSync(join(project.directory, '__snapshots__'))).toEqual(['link.test.js.snap']);
  expect(run.leftOver).toEqual([]);
});

const lost = [
  ['a thousand GPUs', 'what it detected is no machine: it has 1002 devices, expected at most'],
  ['output of no stream', 'what it told as `output` cannot be used: stream is "exit", expected one of'],
] as const;

for (const [lie, reason] of lost) {
  testWithSsh(`a machine that tells of ${lie} cannot take part, and the run goes on`, async () => {
    const project = await useMachine({
      host: await startLiar(lie),
      files: { 'gpu.test.js': onGpu, 'cpu.test.js': "test('here', () => {});\n" },
    });
    const run = await runJest(project, []);
    expect(run.stderr).toContain(`jest-runner-hardware: liar cannot take part: ${reason}`);
    expect(run.stderr).toContain('No device of this run can run this suite');
    expect(run.json.numFailedTestSuites).toBe(1);
    expect(placesOf(run.record)['cpu.test.js']).toMatch(/\/cpu$/);
    expect(run.leftOver).toEqual([]);
  });
}
