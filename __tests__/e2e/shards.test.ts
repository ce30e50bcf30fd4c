import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyHistory } from '../../src/record/history.js';
import { writeHistory } from '../../src/record/history-file.js';
import { schedulersWords } from '../docs/plain-words.js';
import { type JestRun, runJest, runNode } from './harness/jest.js';
import { type Project, removeProjects, useProject } from './harness/project.js';
import { eventsOf } from './harness/record.js';

afterAll(removeProjects);

const gpuTest = (text = '@hardware gpu') => `/**
 * ${text}
 */
test('runs', () => {});
`;
const cpuTests = Object.fromEntries(
  Array.from({ length: 12 }, (_, n) => [
    `unit/u${n}.test.js`,
    `test('is ${n}', () => {});\ntest('too', () => {});\n`,
  ]),
);
const files = {
  ...cpuTests,
  'gpu/a.test.js': gpuTest(),
  'gpu/b.test.js': gpuTest(),
  'npu/c.test.js': gpuTest('@hardware npu'),
  'tpu/none.test.js': gpuTest('@hardware tpu\n * @unsatisfiable skip'),
  'unit/broken.test.js': `test('fails', () => expect(1).toBe(2));\n`,
};

/** Machines of three kinds, all of which this machine can play. */
const machineOf = (...devices: object[]) => ({
  machine: { cpuBudget: 1, memoryBudgetBytes: '1GiB' },
  devices,
});
const gpu = { id: 'gpu0', class: 'gpu', model: 'Example GPU' };
const npu = { id: 'npu0', class: 'npu' };
const shards = [machineOf(gpu), machineOf(npu), machineOf(), machineOf()];

async function runShards(project: Project, total: number, args: readonly string[] = []): Promise<JestRun[]> {
  const runs: JestRun[] = [];
  for (let index = 1; index <= total; index++) {
    const machine = join(project.directory, `machine-${index}.json`);
    writeFileSync(machine, JSON.stringify({ version: 1, ...shards[index - 1] }));
    runs.push(
      await runJest(project, [`--shard=${index}/${total}`, '-w', '2', ...args], {
        env: { JEST_HARDWARE_MACHINE: machine },
      }),
    );
    // As CI keeps and downloads it.
    const artefact = join(project.directory, 'artefacts', `job-${index}`, 'nested');
    mkdirSync(artefact, { recursive: true });
    const output = join(project.directory, '.jest-hardware');
    const newest =
      readdirSync(output)
        .filter((name) => name.startsWith('run-'))
        .sort()
        .at(-1) ?? '';
    cpSync(join(output, newest), join(artefact, newest));
  }
  return runs;
}

async function command(project: Project, ...args: string[]) {
  const done = await runNode(
    project,
    ({ root }) => join(root, 'node_modules/jest-runner-hardware/dist/cli/main.js'),
    args,
  );
  if (!args.includes('--json')) expect(schedulersWords(done.stdout + done.stderr)).toEqual([]);
  return done;
}

function testsOf(run: Pick<JestRun, 'json'>): readonly string[] {
  return run.json.testResults
    .flatMap((suite: { name: string; assertionResults: { fullName: string; status: string }[] }) =>
      suite.assertionResults.map(
        ({ fullName, status }) =>
          // Why it was not run names the devices of the machine.
          `${suite.name} ${fullName.replace(/: needs tpu.*/, '')} ${status}`,
      ),
    )
    .sort();
}

test('four shards of three kinds of machines are together what one run is, test by test', async () => {
  const options = { shards };
  const project = await useProject('gpu', { options, files });
  const whole = await runJest(project, ['-w', '2'], {
    env: { JEST_HARDWARE_MACHINE: machineFile(project, { devices: [gpu, npu] }) },
  });
  const history = readFileSync(join(project.directory, '.jest-hardware/history.jsonl'), 'utf8');
  const runs = await runShards(project, 4);
  expect(runs.flatMap(testsOf).sort()).toEqual(testsOf(whole));
  const planIds = runs.map(({ record }) => eventsOf(record, 'shard-planned')[0]?.planId);
  expect(new Set(planIds).size).toBe(1);
  // Each by the hardware it has.
  expect(suitesOf(runs[0])).toEqual(expect.arrayContaining(['gpu/a.test.js', 'gpu/b.test.js']));
  expect(suitesOf(runs[1])).toContain('npu/c.test.js');
  // No shard has changed what the others plan by.
  expect(readFileSync(join(project.directory, '.jest-hardware/history.jsonl'), 'utf8')).toBe(history);

  const merged = await command(project, 'merge', 'artefacts');
  expect(merged.exitCode).toBe(1);
  expect(merged.stdout).toMatch(/failed +unit\/broken\.test\.js/);
  expect(merged.stdout).toContain('merged 4 shards into artefacts/merged-run.jsonl');
  const learned = readFileSync(join(project.directory, 'artefacts/history.jsonl'), 'utf8');
  expect(learned).not.toBe(history);
  expect(learned).toContain('unit/u0.test.js');
});

test('what merging needs and does not find it names', async () => {
  const project = await useProject('gpu', { files: cpuTests });
  await runShards(project, 3);
  const without = ['job-1', 'job-3'].map((job) => `artefacts/${job}`);
  const missing = await command(project, 'merge', ...without);
  expect(missing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('shard 2 of 3 is missing') });
  // What is named twice is there once.
  const twice = await command(project, 'merge', 'artefacts', 'artefacts/job-1');
  expect(twice).toMatchObject({ stderr: '', stdout: expect.stringContaining('merged 3 shards') });
});

test('a machine that is not the declared one, another plan, a fleet of another size', async () => {
  const project = await useProject('gpu', { options: { shards: [machineOf(gpu), machineOf()] }, files });
  const noGpu = await runJest(project, ['--shard=1/2'], {
    env: { JEST_HARDWARE_MACHINE: machineFile(project, {}) },
  });
  expect(noGpu.exitCode).toBe(1);
  expect(noGpu.stderr).toMatch(
    /not the one declared for shard 1 of 2[\s\S]*gpu0 \(Example GPU\)[\s\S]*no usable gpu/,
  );
  const otherPlan = await runJest(project, ['--shard=2/2'], { env: { JEST_HARDWARE_PLAN_ID: 'abc' } });
  expect(otherPlan.stderr).toMatch(/plans otherwise than JEST_HARDWARE_PLAN_ID says[\s\S]*plan abc/);
  const otherSize = await runJest(project, ['--shard=1/3']);
  expect(otherSize.stderr).toMatch(/cuts the run into 3, but the option `shards` describes 2/);
});

test('a plan that was written beforehand is followed, by late shards and later attempts, whatever files and history say', async () => {
  const project = await useProject('gpu', { files: cpuTests });
  const extra = Array.from({ length: 6 }, (_, n) => `extra/e${n}.test.js`);
  const add = () => {
    mkdirSync(join(project.directory, 'extra'), { recursive: true });
    for (const path of extra) writeFileSync(join(project.directory, path), `test('is', () => {});`);
  };
  const planned = await command(
    project,
    'plan',
    '--shards',
    '2',
    '--output',
    '.jest-hardware/plan.json',
    '--list',
  );
  expect(planned.stdout).toMatch(/1\/2 +any +10 +unknown\n2\/2 +any +9 +unknown\nshard 1\/2:\n {2}/);
  const plan = JSON.parse(readFileSync(join(project.directory, '.jest-hardware/plan.json'), 'utf8'));
  expect(readFileSync(join(project.directory, '.jest-hardware/.gitignore'), 'utf8')).toBe('*\n');
  const shard = (index: number) =>
    runJest(project, [`--shard=${index}/2`, '-w', '2'], {
      env: { JEST_HARDWARE_PLAN: '.jest-hardware/plan.json' },
    });
  const first = await shard(1);
  expect([...suitesOf(first)].sort()).toEqual(plan.shards[0]);
  add();
  const second = await shard(2);
  const ran = [first, second].flatMap(suitesOf);
  for (const path of Object.keys(cpuTests)) expect(ran.filter((each) => each === path)).toHaveLength(1);
  const merged = await command(project, 'merge', '.jest-hardware');
  const onFirst = extra.filter((path) => !suitesOf(second).includes(path));
  if (onFirst.length > 0) expect(merged.stderr).toContain(`${onFirst[0]} ran on no shard`);
  else expect(merged.stdout).toContain('shard 1 did not see 6 suites');
  // The job is run again, on a machine that has the files, when the history has learned of the first attempt.
  const history = { ...emptyHistory, suites: new Map() };
  for (const [at, path] of Object.keys(cpuTests).entries()) {
    const devices = new Map([['cpu', { lastMs: 10 ** at, meanMs: 10 ** at, samples: 1 }]]);
    history.suites.set(path, { devices, failedLast: false, missedRuns: 0 });
  }
  writeHistory(join(project.directory, '.jest-hardware/history.jsonl'), history);
  const again = await shard(1);
  expect(
    suitesOf(again)
      .filter((path) => !extra.includes(path))
      .sort(),
  ).toEqual(plan.shards[0]);
  expect(eventsOf(again.record, 'shard-planned')[0]?.planId).toBe(plan.planId);
  const whole = await command(project, 'merge', '.jest-hardware');
  expect(whole).toMatchObject({ stderr: '', stdout: expect.stringContaining('shard 1 was run 2 times') });
});

test('suites of another runner are divided too, and are no loss to the merge', async () => {
  const config = `module.exports = async () => {
  const { withHardware } = await import('jest-runner-hardware');
  const { runner, testSequencer, reporters } = withHardware({});
  const unit = (displayName, folder) => ({ displayName, rootDir: __dirname, testMatch: ['**/' + folder + '/*.test.js'] });
  return { testSequencer, reporters, projects: [{ ...unit('ours', 'unit'), runner }, unit('stock', 'other')] };
};`;
  const others = Object.fromEntries(
    Array.from({ length: 6 }, (_, n) => [`other/o${n}.test.js`, `test('is ${n}', () => {});`]),
  );
  const use = { runner: 'as-is', files: { ...cpuTests, ...others, 'jest.config.cjs': config } } as const;
  const project = await useProject('gpu', use);
  const runs = [
    await runJest(project, ['--shard=1/2', '-w', '2']),
    await runJest(project, ['--shard=2/2', '-w', '2']),
  ];
  expect(new Set(runs.flatMap(testsOf)).size).toBe(2 * 12 + 6);
  expect(runs.flatMap(testsOf)).toHaveLength(2 * 12 + 6);
  const merged = await command(project, 'merge', '.jest-hardware');
  expect(merged).toMatchObject({ exitCode: 0, stderr: '' });

  // Of two suites that were asked for, each shard gets one; the third none, which is no failure. A run of none is.
  const none = await runJest(project, ['--shard=3/3', 'unit/u0', 'other/o1']);
  expect(none).toMatchObject({ exitCode: 0, json: { success: true, numTotalTestSuites: 0 } });
  expect(none.stderr).toContain('No tests found for this shard, exiting with code 0');
  expect(none.stderr).not.toContain('exiting with code 1');
  const nothing = await runJest(project, ['--shard=1/3', 'not-there']);
  expect(nothing.exitCode).toBe(1);
  expect(nothing.stdout + nothing.stderr).toContain('No tests found, exiting with code 1');
});

test('a damaged artefact, and a config that talks, are named', async () => {
  const project = await useProject('gpu', { files: cpuTests });
  await runShards(project, 2);
  const broken = join(project.directory, 'artefacts', 'results.json');
  writeFileSync(broken, '{"numTotalTests": 1,\n"testResults": [');
  const merged = await command(project, 'merge', 'artefacts');
  expect(merged).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('results.json:2: this is not JSON'),
  });

  const talking = 'console.log("hello"); module.exports = {};';
  const other = await useProject('gpu', { runner: 'as-is', files: { 'jest.config.cjs': talking } });
  const plan = await command(other, 'plan');
  expect(plan).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is not JSON') });
});

test('coverage, results and JUnit of all shards are what one run has, and thresholds are held against them', async () => {
  const project = await useProject('coverage');
  const whole = await runJest(project, ['-w', '2', '--coverageDirectory=whole']);
  for (const index of [1, 2]) {
    const folder = `artefacts/${index}`;
    await runJest(project, [
      '-w',
      '2',
      `--shard=${index}/2`,
      '--coverageThreshold={}',
      `--coverageDirectory=${folder}/coverage`,
    ]);
    mkdirSync(join(project.directory, folder), { recursive: true });
    writeFileSync(
      join(project.directory, folder, 'junit.xml'),
      `<testsuite name="${index}" tests="${index}"/>`,
    );
  }
  const merged = await command(project, 'merge', 'artefacts', '.jest-hardware', '--output', 'merged');
  const read = (path: string) => JSON.parse(readFileSync(join(project.directory, path), 'utf8'));
  expect(read('merged/merged-coverage/coverage-summary.json')).toEqual(read('whole/coverage-summary.json'));
  // The whole run misses its thresholds; so do the shards together, and only together.
  expect(whole.exitCode).toBe(1);
  expect(merged.exitCode).toBe(1);
  expect(merged.stderr).toMatch(/Coverage for branches \(25%\) does not meet "global" threshold/);
  expect(readFileSync(join(project.directory, 'merged/merged-junit.xml'), 'utf8')).toContain('tests="3"');
});

describe('what would be done, without doing it', () => {
  test('plan: this machine, then shards; each suite in one of them', async () => {
    const project = await useProject('gpu', { files });
    const here = await command(project, 'plan', '--json');
    expect(here.exitCode).toBe(0);
    const plan = JSON.parse(here.stdout);
    expect(plan.suites.map(({ id }: { id: string }) => id)).toContain('unit/u0.test.js');
    expect(plan.unplaceable.map(({ id }: { id: string }) => id)).toContain('gpu/a.test.js');
    expect((await command(project, 'plan')).stdout).toMatch(/cannot run {2}gpu\/a\.test\.js: needs gpu/);

    const sharded = JSON.parse((await command(project, 'plan', '--shards', '3', '--json')).stdout);
    const first = await runJest(project, ['--shard=1/3', '-w', '2']);
    expect([...suitesOf(first)].sort()).toEqual(sharded.shards[0].suites);
    expect(eventsOf(first.record, 'shard-planned')[0]?.planId).toBe(sharded.planId);
    const listed = (await command(project, 'plan', '--shards', '3', '--list')).stdout;
    for (const { suites } of sharded.shards)
      for (const id of suites) expect(listed.split(`  ${id}\n`)).toHaveLength(2);
  });

  test('explain: where a suite can run, and what it did last', async () => {
    const project = await useProject('gpu', { files });
    await runJest(project, ['unit/u0', '-w', '2']);
    const known = await command(project, 'explain', 'unit/u0.test.js');
    expect(known.stdout).toMatch(
      /^unit\/u0\.test\.js: needs cpu\ndevice +expected +why\nlocal\/cpu +1 s {2}never measured, up to 3\.3 x longer or shorter; /,
    );
    expect(known.stdout).toMatch(/last run: passed on local\/cpu#1/);
    expect((await command(project, 'explain', 'gpu/a.test.js')).stdout).toContain(
      'needs gpu: this machine has cpu',
    );
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
    const lines = readFileSync(file, 'utf8').split('\n');
    const changed = lines.map((line) => {
      if (!line.includes('"suite-ended"')) return line;
      const cpuMs = line.includes('busy.test.js') ? 14_800 : 5000;
      return JSON.stringify({ ...(JSON.parse(line) as object), durationMs: 4000, cpuMs });
    });
    writeFileSync(file, changed.join('\n'));
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
});

function machineFile(project: Project, content: object): string {
  const path = join(project.directory, `machine-${JSON.stringify(content).length}.json`);
  writeFileSync(path, JSON.stringify({ version: 1, ...content }));
  return path;
}

function suitesOf(run: JestRun | undefined): readonly string[] {
  return eventsOf(run?.record ?? [], 'suite-queued').map(({ suite }) => suite.id);
}
