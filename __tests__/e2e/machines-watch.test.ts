/** In watch mode another machine stays connected, and its Jest goes on: each run there sees the files as they are here. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FarMachine,
  farJest,
  farWorker,
  startFarMachine,
  useFarProject,
} from './harness/far-machine.js';
import { type RunningJest, startJest } from './harness/jest.js';
import { leaveProjects } from './harness/project.js';
import { eventsOf } from './harness/record.js';
import { testWithSsh } from './harness/ssh-server.js';

let machine: FarMachine | undefined;
const open: RunningJest[] = [];

async function box(): Promise<FarMachine> {
  machine ??= await startFarMachine('gpu-box');
  machine.link.heal();
  return machine;
}

afterEach(() => {
  for (const jest of open.splice(0)) {
    try {
      jest.signal('SIGKILL');
    } catch {
      // It has ended.
    }
  }
});

afterAll(async () => {
  machine?.dispose();
  await leaveProjects();
});

/** A suite that tells in its tests' name what it sees there. */
const seeing = `/** @hardware gpu */
const { existsSync } = require('node:fs');
test('sees ' + require('./value') + (existsSync(__dirname + '/gone.js') ? ' and more' : ''), () => {
  expect(process.cwd()).toMatch(/checkout-1$/);
});
`;
const passing = '/** @hardware gpu */\n';

const files = {
  'value.js': "module.exports = 'one';",
  'gone.js': '',
  'seeing.test.js': seeing,
  'jest.config.cjs': 'module.exports = { transform: {}, verbose: true };',
};

async function watching(more: Record<string, string> = {}, args: readonly string[] = []) {
  const far = await box();
  const project = await useFarProject({ machines: [far], files: { ...files, ...more } });
  const jest = await startJest(project, ['--watchAll', ...args], { keyboard: true, timeoutMs: 60_000 });
  open.push(jest);
  const write = (name: string, text: string) => writeFileSync(join(project.directory, name), text);
  return { far, project, jest, write };
}

const farJests = (far: FarMachine) => far.pids(farJest);

async function quit(jest: RunningJest, far: FarMachine) {
  // Between two runs.
  jest.type('\u0003');
  const run = await jest.ended;
  expect(run.exitCode).toBe(0);
  expect(run.leftOver).toEqual([]);
  await gone(far);
  return run;
}

/** Nothing may stay there. */
async function gone(far: FarMachine): Promise<void> {
  const endMs = Date.now() + 5000;
  while (far.pids().length > 0 && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(far.pids()).toEqual([]);
}

/** The end of a run's report: Jest then waits for changes. */
const over = 'fast path';
const shown = (text: string) => new RegExp(`${text}.*${over}`, 's');

testWithSsh('an edit, a new and a deleted file reach the Jest that goes on there', async () => {
  const { far, project, jest, write } = await watching();
  await jest.waitFor(shown('✓ sees one and more'));
  const first = farJests(far);
  expect(first).toHaveLength(1);

  write('value.js', "module.exports = 'two';");
  await jest.waitFor(shown('✓ sees two and more'));
  write('new.test.js', `${passing}test('is new', () => {});`);
  await jest.waitFor(shown('✓ is new.*Tests: +2 passed, 2 total'));
  rmSync(join(project.directory, 'gone.js'));
  await jest.waitFor(shown('✓ sees two(?! and)'));
  rmSync(join(project.directory, 'new.test.js'));
  await jest.waitFor(shown('✓ sees two(?! and).*Tests: +1 passed, 1 total'));
  expect(farJests(far)).toEqual(first);

  const run = await quit(jest, far);
  expect(run.records).toHaveLength(5);
  for (const record of run.records) {
    expect(eventsOf(record, 'machine-awaited')).toHaveLength(1);
    expect(eventsOf(record, 'machine-settled')).toMatchObject([{ treeId: expect.any(String) }]);
  }
});

testWithSsh('a mock that is new is used there, and so is a flag that a key has set', async () => {
  const { far, jest, write } = await watching({
    // A watcher may miss what comes with a new folder.
    '__mocks__/unused.js': '',
    'mocked.test.js': `${passing}let name = 'nothing';
      try { name = require('fake-package'); } catch {}
      test('requires ' + name, () => {});
      test('other', () => {});`,
  });
  await jest.waitFor(shown('✓ requires nothing'));
  const first = farJests(far);
  write('__mocks__/fake-package.js', "module.exports = 'a mock';");
  await jest.waitFor(shown('✓ requires a mock'));
  jest.type('t');
  await jest.waitFor(/Pattern Mode Usage/);
  jest.type('other');
  await jest.waitFor(/pattern › other/);
  jest.type('\r');
  await jest.waitFor(shown('○ skipped requires a mock.*Tests: +2 skipped, 1 passed, 3 total'));
  expect(farJests(far)).toEqual(first);
  await quit(jest, far);
});

testWithSsh('Jest there starts anew when what it has loaded is another now', async () => {
  const { far, jest, write } = await watching({
    'jest.config.cjs': `module.exports = { transform: {}, verbose: true, globals: require('./values.cjs') };`,
    'values.cjs': "module.exports = { name: 'old' };",
    'seeing.test.js': `${passing}test('sees ' + name, () => {});`,
  });
  await jest.waitFor(shown('✓ sees old'));
  const [first] = farJests(far);
  write('values.cjs', "module.exports = { name: 'new' };");
  await jest.waitFor(/gpu-box: its Jest config has another globals/);
  await jest.waitFor(shown('✓ sees new'));
  expect(farJests(far)).not.toContain(first);
  await quit(jest, far);
});

testWithSsh('what is set up globally is torn down at the end of each run', async () => {
  const { far, jest, write } = await watching({
    'jest.config.cjs': `module.exports = { transform: {}, verbose: true,
      globalSetup: './setup.cjs', globalTeardown: './teardown.cjs' };`,
    'setup.cjs': hook('set up'),
    'teardown.cjs': hook('torn down'),
  });
  await jest.waitFor(/there: set up/);
  await jest.waitFor(/there: torn down/);
  await jest.waitFor(new RegExp(over));
  expect(farJests(far)).toEqual([]);
  const [worker] = far.pids(farWorker);
  write('value.js', "module.exports = 'two';");
  await jest.waitFor(/there: set up/);
  await jest.waitFor(/there: torn down/);
  await jest.waitFor(new RegExp(over));
  expect(far.pids(farWorker)).toContain(worker);
  await quit(jest, far);
});

testWithSsh('a machine that was lost between two runs is connected anew, and that is said', async () => {
  const { far, jest, write } = await watching();
  await jest.waitFor(shown('✓ sees one and more'));
  const before = far.pids();
  for (const pid of far.pids(farWorker)) process.kill(pid, 'SIGKILL');
  await jest.until(() => before.every((pid) => !far.pids().includes(pid)));
  write('value.js', "module.exports = 'two';");
  await jest.waitFor(/gpu-box was lost since the last run: .*; it is connected anew/);
  await jest.waitFor(shown('✓ sees two and more'));
  await quit(jest, far);
});

testWithSsh(
  'a run that is interrupted by a key ends its suites there, and the next one goes on',
  async () => {
    const { far, project, jest, write } = await watching({
      'long.test.js': `${passing}test('takes long', () => {
      require('node:fs').writeFileSync(process.env.HOME + '/running', '');
      return new Promise(() => {});
    }, 600_000);`,
    });
    const running = join(far.host.home, 'running');
    rmSync(running, { force: true });
    await jest.until(() => existsSync(running));
    jest.type('q');
    await jest.waitFor(/Test run was interrupted/);
    rmSync(join(project.directory, 'long.test.js'));
    write('value.js', "module.exports = 'two';");
    await jest.waitFor(shown('✓ sees two and more.*Tests: +1 passed, 1 total'));
    await quit(jest, far);
  },
);

testWithSsh('a coordinator that is killed between two runs leaves nothing there', async () => {
  const { far, jest } = await watching();
  await jest.waitFor(shown('✓ sees one and more'));
  jest.signal('SIGKILL');
  await jest.ended;
  await gone(far);
});

function hook(what: string): string {
  return `module.exports = async () => { if (__dirname.includes('checkout-')) console.error('there: ${what}'); };`;
}
