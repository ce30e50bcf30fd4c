import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strategyNames } from '../../src/core/strategies/index.js';
import type { SimulationResult } from '../../src/simulate/result.js';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { run as runCommand } from './run.js';

const run = (...argv: string[]) => runCommand(['simulate', ...argv]);
const resultOf = async (...argv: string[]) =>
  JSON.parse((await run(...argv, '--json')).out) as SimulationResult;
const withoutTime = ({ planCpuMs: _time, ...result }: SimulationResult) => result;

function fileOf(content: unknown, name = 'scenario.json'): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
  return path;
}

const scenario = {
  version: 1,
  slots: [{ type: 'a', count: 2 }, { type: 'b' }],
  suites: [
    { id: 's1', durationMs: { a: 1200, b: 300 } },
    { id: 's2', durationMs: { a: 1200 } },
    { id: 's3', durationMs: { b: null }, actualMs: 50 },
    { id: 's4', durationMs: { a: 900, b: 900 }, actualMs: { a: 1000, b: 700 } },
  ],
};

describe('a scenario', () => {
  test.each(strategyNames)(
    '%s: every suite on a slot that can run it, with its true duration',
    async (strategy) => {
      const result = await resultOf('--scenario', fileOf(scenario), '--strategy', strategy);
      expect(result).toMatchObject({ version: 1, simulated: true, strategy, boundMs: 1200, unplaceable: [] });
      const { assignment, attempts } = result;
      expect(Object.keys(assignment).sort()).toEqual(['s1', 's2', 's3', 's4']);
      expect(assignment['s2']).toMatch(/^a#[12]$/);
      expect(assignment['s3']).toBe('b#1');
      const s4 = attempts.find(({ suiteId }) => suiteId === 's4');
      expect((s4?.endMs ?? 0) - (s4?.startMs ?? 0)).toBe(s4?.slotId === 'b#1' ? 700 : 1000);
      expect(result.makespanMs).toBe(Math.max(...attempts.map(({ endMs }) => endMs)));
      expect(result.ratio).toBeCloseTo(result.makespanMs / 1200, 5);
    },
  );

  test('the plan made beforehand takes durations as they are expected', async () => {
    const known = { ...scenario, suites: scenario.suites.filter(({ id }) => id !== 's3') };
    const result = await resultOf('--scenario', fileOf(known), '--plan');
    expect(result).toMatchObject({ strategy: 'plan', makespanMs: 1200, boundMs: 1200, ratio: 1 });
    const s4 = result.attempts.find(({ suiteId }) => suiteId === 's4');
    expect((s4?.endMs ?? 0) - (s4?.startMs ?? 0)).toBe(900);
  });

  test('memory is shared on a machine, and is its own on a slot', async () => {
    const shared = {
      version: 1,
      machines: [{ name: 'm', memoryBytes: 100 }],
      slots: [
        { type: 'a', count: 2, machine: 'm' },
        { type: 'small', memoryBytes: 10 },
      ],
      suites: ['s1', 's2'].map((id) => ({ id, durationMs: { a: 100, small: 1 }, memoryBytes: 60 })),
    };
    for (const how of [[], ['--plan']]) {
      // One after the other, as both do not fit, and never where neither fits.
      expect(await resultOf('--scenario', fileOf(shared), ...how)).toMatchObject({
        makespanMs: 200,
        utilisationByType: { small: 0 },
      });
    }
  });

  test.each([
    ['adaptive', ['--strategy', 'adaptive']],
    ['pull', ['--strategy', 'pull']],
    ['a plan', ['--plan']],
  ])('every slot of a class takes a suite: %s', async (_how, how) => {
    const gpus = {
      version: 1,
      slots: [
        { type: 'gpu', count: 2, class: 'gpu', machine: 'm' },
        { type: 'cpu', machine: 'm' },
      ],
      suites: ['a', 'b', 'c', 'd'].map((id) => ({ id, durationMs: { gpu: 100 } })),
    };
    expect(await resultOf('--scenario', fileOf(gpus), ...how)).toMatchObject({
      makespanMs: 200,
      boundMs: 200,
      utilisationByType: { gpu: 1, cpu: 0 },
    });
  });

  test.each(['cpu', 'gpu'])('suites on two of three devices run beside those on one: %s', async (device) => {
    const ids = Array.from({ length: 20 }, (_, index) => index);
    const mixed = {
      version: 1,
      slots: [{ type: 't', count: 3, class: device }],
      suites: ids.flatMap((id) => [
        { id: `narrow-${id}`, durationMs: { t: 100 } },
        { id: `wide-${id}`, durationMs: { t: 100 }, devices: 2 },
      ]),
    };
    const result = await resultOf('--scenario', fileOf(mixed), '--strategy', 'adaptive');
    expect(result).toMatchObject({ makespanMs: 2000, boundMs: 2000, utilisationByType: { t: 1 } });
  });

  test('performance-aware counts on all devices that a suite needs, not on the first', async () => {
    const content = {
      version: 1,
      slots: [
        { type: 'fast', count: 2, class: 'gpu' },
        { type: 'slow', count: 2, class: 'gpu' },
      ],
      suites: [
        { id: 'narrow', durationMs: { fast: 100 } },
        { id: 'wide', durationMs: { fast: 100, slow: 150 }, devices: 2 },
      ].map((suite) => ({ devices: 1, ...suite })),
    };
    const result = await resultOf('--scenario', fileOf(content), '--strategy', 'performance-aware');
    expect(result).toMatchObject({ makespanMs: 150, assignment: { narrow: 'fast#1', wide: 'slow#1' } });
  });

  test('several slots at once, locks, and what nothing can run', async () => {
    const content = {
      version: 1,
      slots: [
        { type: 'g', count: 2, class: 'gpu' },
        { type: 'c', count: 4 },
      ],
      suites: [
        { id: 'wide', durationMs: { g: 100 }, devices: 2 },
        { id: 'too-wide', durationMs: { g: 100 }, devices: 3 },
        { id: 'l1', durationMs: { c: 50 }, locks: ['port'] },
        { id: 'l2', durationMs: { c: 50 }, locks: ['port'] },
        { id: 'nowhere', durationMs: {} },
      ],
    };
    for (const how of [[], ['--plan']]) {
      const result = await resultOf('--scenario', fileOf(content), ...how);
      expect(result).toMatchObject({ makespanMs: 100, unplaceable: ['too-wide', 'nowhere'] });
      expect(result.attempts.find(({ suiteId }) => suiteId === 'wide')).toMatchObject({ devices: 2 });
    }
  });

  test('noise comes from the seed', async () => {
    const noisy = (seed: number) => fileOf({ ...scenario, sigma: 0.5, seed });
    const [one, again, other] = await Promise.all(
      [1, 1, 2].map(async (seed) => withoutTime(await resultOf('--scenario', noisy(seed)))),
    );
    expect(again).toEqual(one);
    expect(other?.makespanMs).not.toBe(one?.makespanMs);
  });

  test.each([
    [{ suites: [] }, { makespanMs: 0, boundMs: 0, ratio: 1, assignment: {} }],
    [
      { slots: [], suites: [{ id: 's', durationMs: {} }] },
      { makespanMs: 0, unplaceable: ['s'] },
    ],
    [{ suites: [{ id: 's', durationMs: { a: 0 } }] }, { makespanMs: 1, assignment: { s: 'a#1' } }],
    [{ suites: [{ id: 's', durationMs: { a: 1e12 } }] }, { makespanMs: 1e12, ratio: 1 }],
  ])('%j', async (part, expected) => {
    const path = fileOf({ ...scenario, ...part });
    expect(await resultOf('--scenario', path)).toMatchObject(expected);
    expect(await resultOf('--scenario', path, '--plan')).toMatchObject(expected);
  });

  test.each<[object | string, number, string]>([
    ['{', 1, 'this is not JSON'],
    [{}, 1, '`version` is missing'],
    [{ ...scenario, version: 2 }, 2, '`version` is wrong'],
    [{ ...scenario, slotz: [] }, 45, '`slotz`: no such key'],
    [{ ...scenario, slots: [{ type: 'a', count: 0 }] }, 6, '`slots[0].count` is wrong'],
    [{ ...scenario, slots: [{ type: 'a' }, { type: 'a' }] }, 8, 'is used twice'],
    [{ ...scenario, suites: [{ id: 's', durationMs: { a: -1 } }] }, 16, '`suites[0].durationMs.a` is wrong'],
    [{ ...scenario, suites: [{ id: 's', durationMs: { c: 1 } }] }, 16, 'there are no slots of type `c`'],
    [{ ...scenario, suites: [{ id: 's', durationMs: { a: null } }] }, 16, 'its duration on `a` is not given'],
    [{ ...scenario, suites: [{ durationMs: {} }] }, 13, '`suites[0].id` is missing'],
    [
      {
        ...scenario,
        suites: [
          { id: 's', durationMs: {} },
          { id: 's', durationMs: {} },
        ],
      },
      18,
      '`s` is used twice',
    ],
    [
      { ...scenario, machines: [{ name: 'm' }], slots: [{ type: 'a', machine: 'n' }] },
      6,
      'there is no machine `n`',
    ],
  ])('%j: names line %d', async (content, line, message) => {
    const path = fileOf(content);
    const { code, err } = await run('--scenario', path);
    expect(code).toBe(2);
    expect(err).toContain(`${path}:${line}: `);
    expect(err).toContain(message);
  });
});

describe('made-up suites', () => {
  test('the same seed gives the same run, another one another', async () => {
    const one = await resultOf('--tasks', '40', '--workers', '3');
    expect(withoutTime(await resultOf('--tasks', '40', '--workers', '3'))).toEqual(withoutTime(one));
    expect((await resultOf('--tasks', '40', '--workers', '3', '--seed', '2')).makespanMs).not.toBe(
      one.makespanMs,
    );
  });

  test.each([
    'cpu-workstation',
    'nvidia-server',
    'amd-server',
    'mobile-npu',
    'cloud-tpu',
    'browsers',
    'mixed',
  ])('all of them run on %s', async (fleet) => {
    const { assignment, unplaceable } = await resultOf('--fleet', fleet, '--tasks', '30', '--workers', '6');
    expect(unplaceable).toEqual([]);
    expect(Object.keys(assignment)).toHaveLength(30);
  });

  test('lost machines and lost attempts lose no suite', async () => {
    const result = await resultOf('--tasks', '60', '--lose-machines', '2', '--lose-attempts', '0.2');
    expect(Object.keys(result.assignment).length + result.unplaceable.length).toBe(60);
    expect(result.moves).toBeGreaterThan(5);
    expect(result.attempts.filter(({ status }) => status === 'lost').length).toBeGreaterThan(5);
  });

  test('with --heat, devices that are always busy get fewer suites, and nothing is lost', async () => {
    const args = ['--fleet', 'browsers', '--workers', '1', '--tasks', '150', '--workload', 'general'];
    const cool = await resultOf(...args);
    const hot = await resultOf(...args, '--heat');
    expect(Object.keys(hot.assignment)).toHaveLength(150);
    expect(hot.makespanMs).toBeGreaterThan(cool.makespanMs);
  });

  test('a fleet from a file', async () => {
    const fleet = fileOf(
      [{ machine: { name: 'box', cpuBudget: 4, memoryBudgetBytes: '8GiB' }, count: 2 }, '../cpu.json'],
      'fleet.json',
    );
    writeFileSync(
      join(fleet, '../../cpu.json'),
      '{"machine": {"cpuBudget": 2, "memoryBudgetBytes": "4GiB"}}',
    );
    const { utilisationByType } = await resultOf('--fleet', fleet, '--tasks', '20', '--workload', 'general');
    expect(Object.keys(utilisationByType)).toEqual(['box-1/cpu', 'box-2/cpu', 'machine-3/cpu']);
    const more = await resultOf('--fleet', fleet, '--workers', '4', '--tasks', '20');
    expect(Object.keys(more.utilisationByType)).toHaveLength(4);
  });
});

test('a recorded run again, with the durations it had', async () => {
  const replayed = await resultOf('--replay', 'fixtures/records/mixed.jsonl', '--strategy', 'pull');
  expect(Object.keys(replayed.assignment).length).toBeGreaterThan(2);
  const events = readFileSync('fixtures/records/mixed.jsonl', 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const [suiteId, slotId] = Object.entries(replayed.assignment)[0] as [string, string];
  const ended = events.find((event) => event['type'] === 'suite-ended' && event['suiteId'] === suiteId);
  const attempt = replayed.attempts.find((each) => each.suiteId === suiteId);
  if (ended?.['slotId'] === slotId)
    expect(attempt && attempt.endMs - attempt.startMs).toBe(ended['durationMs']);
  expect((await run('--replay', 'fixtures/records/mixed.jsonl', '--fleet', 'cpu-workstation')).code).toBe(0);
});

describe('output', () => {
  test('compared with the one that is named first', async () => {
    const { out } = await run('--compare', '--strategy', 'pull', '--tasks', '10', '--json');
    const { results } = JSON.parse(out) as { results: SimulationResult[] };
    expect(results.map(({ strategy }) => strategy)).toEqual([
      'pull',
      ...strategyNames.filter((name) => name !== 'pull'),
    ]);
  });

  test('text says that nothing ran', async () => {
    const { out } = await run('--compare', '--tasks', '20');
    expect(out).toMatch(/^Simulated, no suite ran\. made-up suites on mixed: 20 suites, /);
    for (const name of strategyNames) expect(out).toMatch(new RegExp(`^${name} +[\\d.]+ (ms|s|m)`, 'm'));
  });

  test.each(['svg', 'html', 'csv', 'json', 'png'])('%s', async (end) => {
    const path = join(temporaryDirectory(), `results.${end}`);
    expect(await run('--compare', '--tasks', '10', '--output', path)).toMatchObject({ code: 0, err: '' });
    const bytes = readFileSync(path);
    if (end === 'png') {
      expect(bytes.subarray(1, 4).toString()).toBe('PNG');
      return;
    }
    for (const name of strategyNames) expect(bytes.toString()).toContain(name);
    if (end === 'json') expect(JSON.parse(bytes.toString())).toMatchObject({ simulated: true });
    else if (end !== 'csv') expect(bytes.toString()).toContain('Simulated: made-up suites');
  });

  test('one run as a picture: a box for each attempt', async () => {
    const path = join(temporaryDirectory(), 'run.svg');
    await run('--scenario', fileOf(scenario), '--output', path);
    const svg = readFileSync(path, 'utf8');
    expect(svg).toContain('a#2');
    expect(svg).toContain('>simulated<');
  });

  test.each([[[]], [['--plan']]])(
    'one run as the page that a report of it would be, which says simulated: %j',
    async (how) => {
      const path = join(temporaryDirectory(), 'run.html');
      const known = { ...scenario, suites: scenario.suites.filter(({ id }) => id !== 's3') };
      await run('--scenario', fileOf(known), ...how, '--output', path);
      const html = readFileSync(path, 'utf8');
      expect(html).toMatch(/<h1 class="good">Simulated: .*<li>no suite ran<\/li>/s);
      const data = JSON.parse(/id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '');
      expect(data).toMatchObject({ simulated: true });
      expect(data.suites.map(({ id }: { id: string }) => id)).toEqual(['s1', 's2', 's4']);
      for (const { attempts } of data.suites) expect(attempts[0].lanes).toHaveLength(1);
    },
  );
});

test.each([
  [['--strategy', 'adaptiv'], 'there is no strategy `adaptiv`', 'write `adaptive`'],
  [['--fleet', 'mixd'], 'there is no fleet `mixd`', 'write `mixed`'],
  [['--workload', 'nlp,visoin'], 'there is no workload `visoin`', 'write `vision`'],
  [['--tasks', '-5'], '`--tasks` cannot be "-5"', 'an integer from 0 to 1000000'],
  [['--sigma', 'x'], '`--sigma` cannot be "x"', 'a number from 0 to 3'],
  [['--output', 'x.pdf'], 'unknown kind of file', '.svg'],
  [['--output', '/nowhere/at/all.csv'], 'the results cannot be written', ''],
  [['--compare', '--plan'], '`--compare` and `--plan` cannot be given together', ''],
  [['--replay', 'a', '--workers', '3'], '`--replay` and `--workers`', ''],
  [['--scenario', 'none.json'], 'the scenario cannot be read', 'ENOENT'],
  [['--scenario', 'a', '--tasks', '3'], '`--scenario` and `--tasks`', ''],
  [['--fleet', 'none.json'], 'the fleet cannot be read', 'ENOENT'],
  [['--replay', 'none.jsonl'], 'none.jsonl', ''],
])('%j: says what is wrong', async (argv, message, more) => {
  const { code, err } = await run(...argv);
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(err).toContain(more);
});
