import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyHistory } from '../../src/record/history.js';
import { writeHistory } from '../../src/record/history-file.js';
import { command } from './harness/command.js';
import { type JestRun, runJest } from './harness/jest.js';
import { leaveProjects, type Project, useProject } from './harness/project.js';
import { eventsOf, suitesOf } from './harness/record.js';
import { cpuTests, shardedFiles as files } from './sharded-files.js';

afterAll(leaveProjects);

/** Machines of three kinds, all of which this machine can play. */
const machineOf = (...devices: object[]) => ({
  machine: { cpuBudget: 1, memoryBudgetBytes: '1GiB' },
  devices,
});
const gpu = { id: 'gpu0', class: 'gpu', model: 'Example GPU' };
const npu = { id: 'npu0', class: 'npu' };
const shards = [machineOf(gpu), machineOf(npu), machineOf(), machineOf()];

const inBand = ['-i'];
const inWorkers = ['-w', '2'];

async function runShards(project: Project, total: number, how: readonly string[]): Promise<JestRun[]> {
  const runs: JestRun[] = [];
  for (let index = 1; index <= total; index++) {
    const machine = join(project.directory, `machine-${index}.json`);
    writeFileSync(machine, JSON.stringify({ version: 1, ...shards[index - 1] }));
    runs.push(
      await runJest(project, [`--shard=${index}/${total}`, ...how], {
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
  const runs = await runShards(project, 4, inWorkers);
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

test('what merging needs and does not find, finds twice or finds damaged, it names', async () => {
  const project = await useProject('gpu', { files: cpuTests });
  await runShards(project, 3, inBand);
  const without = ['job-1', 'job-3'].map((job) => `artefacts/${job}`);
  const missing = await command(project, 'merge', ...without);
  expect(missing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('shard 2 of 3 is missing') });
  // What is named twice is there once.
  const twice = await command(project, 'merge', 'artefacts', 'artefacts/job-1');
  expect(twice).toMatchObject({ stderr: '', stdout: expect.stringContaining('merged 3 shards') });
  const broken = join(project.directory, 'artefacts', 'results.json');
  writeFileSync(broken, '{"numTotalTests": 1,\n"testResults": [');
  const damaged = await command(project, 'merge', 'artefacts');
  expect(damaged).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('results.json:2: this is not JSON'),
  });
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
    runJest(project, [`--shard=${index}/2`, ...inBand], {
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
  else expect(merged.stdout).toContain('shard 1 does not have the files of 6 suites');
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
    await runJest(project, ['--shard=1/2', ...inBand]),
    await runJest(project, ['--shard=2/2', ...inWorkers]),
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

test('a config that talks is named', async () => {
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
      ...(index === 1 ? inBand : inWorkers),
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

function machineFile(project: Project, content: object): string {
  const path = join(project.directory, `machine-${JSON.stringify(content).length}.json`);
  writeFileSync(path, JSON.stringify({ version: 1, ...content }));
  return path;
}
