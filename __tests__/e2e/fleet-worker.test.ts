import { rmSync } from 'node:fs';
import { fleetOfFile, useFleetProject } from './harness/fleet.js';
import { runJest } from './harness/jest.js';
import { placesOf } from './harness/machine.js';
import { eventsOf } from './harness/record.js';
import { testWithRedis } from './harness/redis-server.js';
import { failureOf, statuses } from './harness/results.js';

const fleet = fleetOfFile();
afterEach(async () => {
  await Promise.all(fleet.machines().map((machine) => machine.end()));
});

const onGpu = "/** @hardware gpu */\ntest('there', () => {});\n";

testWithRedis(
  'machines that cannot get the code, or do not serve the project, are named and left out',
  async () => {
    const project = await useFleetProject(fleet, {
      files: { 'gpu.test.js': onGpu, 'more.test.js': onGpu, 'last.test.js': onGpu },
    });
    await fleet.join(project, { name: 'blind', flags: ['--remote', '/nowhere.git'] });
    await fleet.join(project, { name: 'choosy', flags: ['--only', 'another-project'] });
    // The one that serves it names the remote itself.
    await fleet.join(project, {
      name: 'good',
      flags: ['--only', 'bare-1', '--remote', `${project.directory}.git`],
    });
    const run = await runJest(project, []);
    expect(run.stderr).toContain(
      'blind cannot take part: the working state cannot be fetched from /nowhere.git',
    );
    expect(run.stderr).toContain('choosy serves only another-project; the run goes on without it');
    expect(new Set(Object.values(placesOf(run.record)))).toEqual(new Set(['good/gpu0']));
    expect(run.exitCode).toBe(0);
  },
);

testWithRedis('--once ends after the first run, --idle-exit when none has come', async () => {
  const project = await useFleetProject(fleet, { files: { 'gpu.test.js': onGpu } });
  const machine = await fleet.join(project, { name: 'once', flags: ['--once'] });
  expect((await runJest(project, [])).exitCode).toBe(0);
  expect(await machine.ended).toBe(0);
  const idle = await fleet.join(project, { name: 'idle', flags: ['--idle-exit', '500ms'] });
  expect(await idle.ended).toBe(0);
  expect(idle.log()).toContain('idle has left the fleet');
});

testWithRedis('--max-suite stops suites that take longer', async () => {
  const project = await useFleetProject(fleet, {
    files: {
      'gpu.test.js': onGpu,
      'long.test.js': "/** @hardware gpu */\ntest('is long', () => new Promise(() => {}), 60_000);\n",
    },
  });
  await fleet.join(project, { flags: ['--max-suite', '2s'] });
  const run = await runJest(project, []);
  expect(statuses(run)).toEqual({ 'gpu.test.js': 'passed', 'long.test.js': 'failed' });
  expect(failureOf(run, 'long.test.js')).toContain('no suite may take longer than 2 s there');
});

testWithRedis('in band, a suite here that blocks this process for long loses no machine', async () => {
  const { directory } = await useFleetProject(fleet);
  const marks = { begun: `${directory}.begun`, blocked: `${directory}.blocked` };
  for (const mark of Object.values(marks)) rmSync(mark, { force: true });
  const waits = (mark: string) =>
    `while (!require('node:fs').existsSync('${mark}')) await new Promise((resolve) => setTimeout(resolve, 20));`;
  const tells = (mark: string) => `require('node:fs').writeFileSync('${mark}', '');`;
  const files = {
    'blocks.test.js': `test('blocks', async () => {
  ${waits(marks.begun)}
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6500);
  ${tells(marks.blocked)}
}, 20_000);
`,
    'gpu.test.js': `/** @hardware gpu */
test('there', async () => {
  ${tells(marks.begun)}
  ${waits(marks.blocked)}
}, 20_000);
`,
  };
  const project = await useFleetProject(fleet, { files, directory });
  await fleet.join(project);
  const run = await runJest(project, ['-i']);
  expect(statuses(run)).toEqual({ 'blocks.test.js': 'passed', 'gpu.test.js': 'passed' });
  expect(eventsOf(run.record, 'machine-lost')).toEqual([]);
  expect(placesOf(run.record)).toEqual({ 'blocks.test.js': 'local/cpu', 'gpu.test.js': 'gpu-box/gpu0' });
});
