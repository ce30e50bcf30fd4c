import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './harness/command.js';
import { runJest } from './harness/jest.js';
import { leaveMachines, useMachine } from './harness/machine.js';
import { startSshHost, testWithSsh } from './harness/ssh-server.js';

afterAll(leaveMachines);

const onGpu = "/** @hardware gpu */\ntest('there', () => {});\n";
const lockfile = JSON.stringify({
  name: 'bare',
  lockfileVersion: 3,
  packages: { '': { name: 'bare' } },
});

testWithSsh('a machine is tested before its first run, and after it', async () => {
  const project = await useMachine({
    files: { 'gpu.test.js': onGpu, 'package-lock.json': lockfile },
    machine: { setup: 'true', env: ['NOT_SET_HERE'] },
  });
  const first = await command(project, 'machines', 'test');
  expect(first.stderr).toBe('');
  expect(first.exitCode).toBe(0);
  expect(first.stdout).toMatch(/^gpu-box {2}ssh:\/\/gpu-box, can take part$/m);
  expect(first.stdout).toMatch(/^ {2}ssh {5}connected in \d/m);
  expect(first.stdout).toContain(`${process.version}, ${process.platform} ${process.arch}`);
  expect(first.stdout).toMatch(/sync +tree [0-9a-f]{12}: \d+ files would travel, .*, about \d/);
  expect(first.stdout).toContain('`true` would run first');
  expect(first.stdout).toContain('- `env` names NOT_SET_HERE, which is not set here');
  expect(first.stdout).toMatch(/^ {2}gpu0 +Test GPU, usable$/m);
  // Nothing was sent there but the worker.
  expect(readdirSync(join(project.box.home, '.cache/jest-runner-hardware'))).toEqual([
    expect.stringMatching(/^worker-/),
  ]);

  await runJest(project, []);
  const again = await command(project, 'machines', 'test', 'gpu-box', '--json');
  const { machines } = JSON.parse(again.stdout);
  expect(machines).toMatchObject([
    { sync: { isThere: true, files: 0 }, setup: { command: 'true', isDone: true } },
  ]);

  appendFileSync(join(project.directory, 'gpu.test.js'), '// edited\n');
  const edited = JSON.parse((await command(project, 'machines', 'test', '--json')).stdout);
  expect(edited.machines).toMatchObject([{ sync: { isThere: false, files: 1 } }]);
});

testWithSsh('a machine that cannot take part is named with the remedy, beside one that can', async () => {
  const project = await useMachine();
  const { exitCode, stdout } = await command(project, 'machines', 'test', 'gpu-box', 'nobody@127.0.0.1:1');
  expect(exitCode).toBe(1);
  expect(stdout).toContain('gpu-box  ssh://gpu-box, can take part');
  expect(stdout).toMatch(
    /^127\.0\.0\.1 {2}ssh:\/\/nobody@127\.0\.0\.1:1, cannot take part\n {2}! .*Connection refused/m,
  );
  expect(stdout).toContain('remedy: start its ssh server, or correct the port');
});

testWithSsh(
  'what a project lacks for other machines is said, and the machine answers all the same',
  async () => {
    const project = await useMachine();
    rmSync(join(project.directory, '.git'), { recursive: true });
    const { exitCode, stdout } = await command(project, 'machines', 'test');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^ {2}! .*git repository/m);
    expect(stdout).toMatch(/^ {2}gpu0 /m);
  },
);

testWithSsh('checkouts that no run has used lately can be removed', async () => {
  const project = await useMachine({ files: { 'gpu.test.js': onGpu } });
  await runJest(project, []);
  const projects = join(project.box.home, '.cache/jest-runner-hardware/projects');
  const [key = ''] = readdirSync(projects).filter((name) => existsSync(join(projects, name, 'checkout-1')));
  const old = join(projects, key, 'checkout-7');
  mkdirSync(old, { recursive: true });
  writeFileSync(join(old, 'large'), 'x'.repeat(3_000_000));
  utimesSync(old, 0, 0);
  const dry = await command(project, 'machines', 'clean', '--dry-run');
  expect(dry.stdout).toMatch(/checkout-7: .* unused for \d{5} days\ngpu-box: 1 checkout would be removed, /);
  expect(existsSync(old)).toBe(true);
  await command(project, 'machines', 'clean');
  expect(readdirSync(join(projects, key))).toContain('checkout-1');
  expect(existsSync(old)).toBe(false);
  const all = JSON.parse((await command(project, 'machines', 'clean', '--days', '0', '--json')).stdout);
  expect(all.machines[0].removed.map(({ path }: { path: string }) => path)).toContain(
    join(projects, key, 'checkout-1'),
  );
  expect(existsSync(join(projects, key))).toBe(false);
  // The next run makes it anew.
  const { stderr } = await runJest(project, []);
  expect(stderr).toContain('1 passed');
});

testWithSsh('what cannot be meant says what can', async () => {
  const project = await useMachine({ options: {} });
  const wrong = await command(project, 'machines', 'tset');
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('machines test`') });
  expect((await command(project, 'machines', 'test', '--', '-oProxyCommand=x')).exitCode).toBe(2);
});

testWithSsh('git that is missing there is named with the remedy, before a run and by one', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'jrh-no-git-'));
  for (const name of ['sh', 'tail']) symlinkSync(join('/bin', name), join(bin, name));
  // A copy, as the worker looks beside Node.js, too.
  copyFileSync(process.execPath, join(bin, 'node'));
  const host = await startSshHost(
    'no-git',
    `command="PATH='${bin}' exec sh -c \\"$SSH_ORIGINAL_COMMAND\\"",restrict`,
  );
  try {
    const project = await useMachine({
      host,
      files: { 'gpu.test.js': onGpu, 'cpu.test.js': "test('here', () => {});\n" },
    });
    const tested = await command(project, 'machines', 'test');
    expect(tested.exitCode).toBe(1);
    expect(tested.stdout).toMatch(/^ {2}! has no git\n +remedy: install git 2\.31 or newer there;/m);
    const run = await runJest(project, []);
    expect(run.stderr).toMatch(
      /jest-runner-hardware: no-git cannot take part: git was not found; .* remedy: +install git .*; the run goes on without it/,
    );
    expect(run.json).toMatchObject({ numPassedTestSuites: 1, numFailedTestSuites: 1 });
  } finally {
    host.dispose();
    rmSync(bin, { recursive: true, force: true });
  }
});
