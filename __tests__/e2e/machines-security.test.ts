/** Whoever may log in on a machine may run code there; nothing more is added, there or here. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
