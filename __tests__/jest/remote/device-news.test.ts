import type { Happening } from '../../../src/core/events.js';
import { DeviceNews } from '../../../src/jest/remote/device-news.js';
import { device, GiB } from '../../core/cluster.js';

const gpu = device({ id: 'gpu0', class: 'gpu', memoryBytes: 8 * GiB });
const hot = { deviceId: 'gpu0', hot: true, celsius: 95, source: 'nvidia-smi' };
const taken = { deviceId: 'gpu0', takenBytes: 6 * GiB, by: 'pid 4711 (python) holds 6 GiB' };
type Told = readonly [type: string, news: unknown];
const heat = (news: unknown): Told => ['device-heat', news];
const memory = (news: unknown): Told => ['device-memory', news];

/** What comes of what a machine tells before and after it takes part. */
function heard(after: readonly Told[], before: readonly Told[] = []) {
  const events: Happening[] = [];
  const said: string[] = [];
  const news = new DeviceNews({
    machine: 'gpu-box',
    needs: [{ hardware: [{ class: 'gpu', count: 1 }], minMemoryBytes: 5 * GiB }],
    tell: (event) => events.push(event),
    say: (message) => said.push(message),
  });
  for (const told of before) news.hear(...told);
  expect(events).toEqual([]);
  news.begin([gpu, device()]);
  for (const told of after) news.hear(...told);
  return { events, said };
}

test('what devices tell becomes events with the name that the machine has here', () => {
  const { events, said } = heard([heat({ ...hot, machine: 'local' }), memory(taken)]);
  expect(events).toEqual([
    { type: 'device-heat', machine: 'gpu-box', ...hot },
    { type: 'device-memory', machine: 'gpu-box', ...taken },
  ]);
  expect(said).toEqual([
    'jest-runner-hardware: a suite that needs 5 GiB does not fit on gpu-box/gpu0 now: 2 GiB of 8 GiB are free, pid 4711 (python) holds 6 GiB',
  ]);
});

test('what comes before the machine takes part counts from then on', () => {
  expect(heard([], [memory(taken)]).events).toEqual([
    { type: 'device-memory', machine: 'gpu-box', ...taken },
  ]);
});

test('what is told again is no news', () => {
  const { events, said } = heard([
    heat(hot),
    heat({ ...hot, celsius: 97 }),
    heat({ ...hot, deviceId: 'cpu' }),
    heat({ ...hot, hot: false }),
    memory({ ...taken, takenBytes: 0 }),
    memory(taken),
    memory(taken),
    memory({ ...taken, takenBytes: 0 }),
  ]);
  expect(
    events.map((event) => ('hot' in event ? event.hot : 'takenBytes' in event && event.takenBytes)),
  ).toEqual([true, true, false, 6 * GiB, 0]);
  expect(said).toHaveLength(1);
});

test.each<Told>([
  heat(null),
  heat('hot'),
  heat({ ...hot, deviceId: 'gpu7' }),
  heat({ ...hot, hot: 'yes' }),
  heat({ ...hot, celsius: 'warm' }),
  heat({ ...hot, celsius: Number.NaN }),
  heat({ ...hot, source: undefined }),
  memory({ ...taken, takenBytes: -1 }),
  memory({ ...taken, takenBytes: 0.5 }),
  memory({ ...taken, takenBytes: '5' }),
  memory({ ...taken, by: 4711 }),
  ['suite-ended', hot],
  ['run-ended', taken],
])('%s of %j is nothing that a device tells', (...told) => {
  expect(heard([told], [told])).toEqual({ events: [], said: [] });
});

test('texts are short, and obeyed by no terminal', () => {
  const { events } = heard([heat({ ...hot, source: `\u001b[2J${'x'.repeat(5000)}` })]);
  expect(events).toEqual([expect.objectContaining({ source: expect.stringMatching(/^x{190,200}$/) })]);
});

test('a machine that never stops to tell something is not listened to for ever', () => {
  const told = Array.from({ length: 20_000 }, (_, each) => memory({ ...taken, takenBytes: each + 1 }));
  expect(heard(told).events).toHaveLength(10_000);
  expect(heard([], told).events).toHaveLength(256);
});

test('what other runs leave of a device is told as it is; what is no number of places is not', () => {
  const turns = (news: object): Told => ['device-turns', { deviceId: 'gpu0', free: 0, share: 1, ...news }];
  const bad = [
    { free: -1 },
    { share: -1 },
    { free: 1.5 },
    { share: '1' },
    { free: 1e9 },
    { deviceId: 'gpu9' },
  ];
  const { events } = heard([turns({}), ...bad.map(turns), turns({ free: 1 })]);
  expect(events).toEqual([
    { type: 'device-turns', machine: 'gpu-box', deviceId: 'gpu0', free: 0, share: 1 },
    { type: 'device-turns', machine: 'gpu-box', deviceId: 'gpu0', free: 1, share: 1 },
  ]);
});

test('what is told without end is heard for so long, and then the device counts as all ours', () => {
  const endless = Array.from({ length: 10_010 }, (_, index): Told => {
    return ['device-turns', { deviceId: 'gpu0', free: index % 2, share: 1 }];
  });
  const { events } = heard(endless);
  expect(events).toHaveLength(10_000);
  expect(events.at(-1)).toMatchObject({ free: 100_000, share: 100_000 });
});
