import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordText } from '../../src/record/line-text.js';
import { command } from './harness/command.js';
import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { eventsOf, suitesOf } from './harness/record.js';
import { cpuTests, shardedFiles as files, gpuTest } from './sharded-files.js';

afterAll(leaveProjects);

// What would be done, without doing it.

test('plan: this machine, then shards; each suite in one of them', async () => {
  const project = await useProject('gpu', { files });
  const here = await command(project, 'plan', '--json');
  expect(here.exitCode).toBe(0);
  const plan = JSON.parse(here.stdout);
  expect(plan.suites.map(({ id }: { id: string }) => id)).toContain('unit/u0.test.js');
  expect(plan.unplaceable.map(({ id }: { id: string }) => id)).toContain('gpu/a.test.js');
  expect((await command(project, 'plan')).stdout).toMatch(/cannot run {2}gpu\/a\.test\.js: needs gpu/);

  const sharded = JSON.parse((await command(project, 'plan', '--shards', '3', '--json')).stdout);
  const first = await runJest(project, ['--shard=1/3', '-i']);
  expect([...suitesOf(first)].sort()).toEqual(sharded.shards[0].suites);
  expect(eventsOf(first.record, 'shard-planned')[0]?.planId).toBe(sharded.planId);
  const listed = (await command(project, 'plan', '--shards', '3', '--list')).stdout;
  for (const { suites } of sharded.shards)
    for (const id of suites) expect(listed.split(`  ${id}\n`)).toHaveLength(2);
});

test('explain: where a suite can run, and what it did last', async () => {
  const project = await useProject('gpu', { files });
  await runJest(project, ['unit/u0', '-i']);
  const known = await command(project, 'explain', 'unit/u0.test.js');
  expect(known.stdout).toMatch(
    /^unit\/u0\.test\.js: needs cpu\ndevice +expected +why\nlocal\/cpu +1 s {2}never measured, up to 3\.3 x longer or shorter; /,
  );
  expect(known.stdout).toMatch(/last run: passed on local\/cpu#1/);
  const refused = await command(project, 'explain', 'gpu/a.test.js');
  expect(refused.stdout).toContain('needs gpu: this machine has cpu');
  expect(refused.stdout).toMatch(/^it would run on local with @hardware cpu too$/m);
  const unknown = await command(project, 'explain', 'unit/u00.test.js');
  expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('write `unit/u0') });
});

test('profile: what was measured, and where a docblock says something else', async () => {
  const said = `/**
 * @max-time 10ms
 * @host-memory 1MiB
 */
`;
  const slow = `${said}test('waits', (done) => { setTimeout(done, 3); });`;
  const project = await useProject('gpu', { files: { 'measured.test.js': slow } });
  const history = JSON.stringify(['measured.test.js', [[0, 20_000, 20_000, 4, 900 * 1024 ** 2]]]);
  mkdirSync(join(project.directory, '.jest-hardware'));
  writeFileSync(
    join(project.directory, '.jest-hardware/history.jsonl'),
    `{"version":2,"runs":[],"reversion":[0,0],"kinds":["cpu"],"needs":[]}\n${history}\n`,
  );
  const { stdout } = await command(project, 'profile', '--write');
  expect(stdout).toContain(
    '! measured.test.js: @host-memory 1088MiB (peak 900 MiB in 4 runs; the docblock says 1 MiB)',
  );
  expect(stdout).toContain(
    '! measured.test.js: @max-time 4m (usually 20 s in 4 runs; the docblock says 10 ms)',
  );
  expect(readFileSync(join(project.directory, 'measured.test.js'), 'utf8')).toBe(
    slow.replace('10ms', '4m').replace('1MiB', '1088MiB'),
  );
  expect((await command(project, 'profile')).stdout).toContain('nothing to say');
  expect((await command(project, 'profile', './measured.test.js')).stdout).toContain('nothing to say');
  const unknown = await command(project, 'profile', 'measurd.test.js');
  expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
  expect(unknown.stderr).toMatch(/there is no test file measurd\.test\.js.*write `measured\.test\.js`/s);
});

test('profile and plan: words of other tools stay theirs, misplaced pragmas are mistakes', async () => {
  const feature = "/**\n * @feature Login page\n * @max-time soon\n */\ntest('a', () => {});\n";
  const files = {
    'measured.test.js': feature,
    'nested.test.js': "describe('a', () => {\n  // @hardware gpu\n  test('b', () => {});\n});\n",
  };
  const project = await useProject('gpu', { files, options: { ignorePragmas: ['feature', 'max-time'] } });
  const history = JSON.stringify(['measured.test.js', [[0, 20_000, 20_000, 4, 900 * 1024 ** 2]]]);
  mkdirSync(join(project.directory, '.jest-hardware'));
  writeFileSync(
    join(project.directory, '.jest-hardware/history.jsonl'),
    `{"version":2,"runs":[],"reversion":[0,0],"kinds":["cpu"],"needs":[]}\n${history}\n`,
  );
  expect((await command(project, 'profile', '--write')).stdout).not.toContain('@max-time');
  expect(readFileSync(join(project.directory, 'measured.test.js'), 'utf8')).toBe(
    feature.replace('soon\n', 'soon\n * @host-memory 1088MiB\n'),
  );
  const { stdout, stderr } = await command(project, 'plan');
  expect(`${stdout}${stderr}`).toContain('nested.test.js:2: Jest does not see `@hardware` here');
  expect(`${stdout}${stderr}`).not.toContain('measured.test.js:');
});

test('profile: CPU threads by the newest run', async () => {
  const files = {
    'busy.test.js': "test('passes', () => {});",
    'idle.test.js': "test('passes', () => {});",
  };
  const project = await useProject('gpu', { files });
  const { record } = await runJest(project, ['-w', '2', 'busy', 'idle']);
  const ended = eventsOf(record, 'suite-ended');
  expect(ended.map(({ cpuMs = 0 }) => cpuMs > 0)).toEqual([true, true]);
  // As if one had kept several threads busy for a while: how many are free here nobody knows.
  const directory = join(project.directory, '.jest-hardware');
  const file = join(directory, readdirSync(directory).find((name) => name.startsWith('run-')) ?? '');
  const changed = record.map((event) => {
    if (event.type !== 'suite-ended') return event;
    return { ...event, durationMs: 4000, cpuMs: event.suiteId === 'busy.test.js' ? 14_800 : 5000 };
  });
  writeFileSync(file, recordText(changed));
  expect((await command(project, 'profile', '--write')).stdout).toBe(
    '- busy.test.js: @cpu 4 (3.7 CPU threads busy on average in its newest run)\n' +
      'proposals: 1; where a docblock says otherwise (!): 0\n',
  );
  expect(readFileSync(join(project.directory, 'busy.test.js'), 'utf8')).toContain(' * @cpu 4\n');
  expect((await command(project, 'profile')).stdout).toContain('nothing to say');
  writeFileSync(file, 'damaged\n');
  const { stdout, stderr } = await command(project, 'profile');
  expect(stdout).toContain('nothing to say');
  expect(stderr).toMatch(/run-.*: The line is not JSON\..*No CPU threads are proposed\.\n$/s);
});

test('matrix: jobs by what docblocks ask for, and the fleet of their shards', async () => {
  const project = await useProject('gpu', {
    options: { shards: './fleet.json' },
    files: { ...cpuTests, 'gpu/a.test.js': gpuTest() },
  });
  const args = ['matrix', '--finish-within', '10m', '--fleet', 'fleet.json'];
  const { exitCode, stdout } = await command(project, ...args);
  expect(exitCode).toBe(0);
  const { include } = JSON.parse(stdout);
  expect(include.map(({ labels }: { labels: string[] }) => labels.at(-1))).toContain('gpu');
  const plan = JSON.parse(
    (await command(project, 'plan', '--shards', String(include.length), '--json')).stdout,
  );
  const withGpu = plan.shards.find(({ suites }: { suites: string[] }) => suites.includes('gpu/a.test.js'));
  expect(withGpu.machine).toMatch(/^gpu/);
  expect((await command(project, 'matrix')).stderr).toContain('`--finish-within` is missing');
});
