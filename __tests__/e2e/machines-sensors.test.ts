import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../src/core/events.js';
import { startJest } from './harness/jest.js';
import { leaveMachines, machineHost, useMachine } from './harness/machine.js';
import { endsOf, eventsOf, readRecords } from './harness/record.js';
import { testWithSsh } from './harness/ssh-server.js';

afterAll(leaveMachines);

const gpu = {
  id: 'gpu0',
  class: 'gpu',
  vendor: 'nvidia',
  model: 'Test GPU',
  uuid: 'GPU-0',
  memoryBytes: '8GiB',
  backends: ['cuda'],
  bindingEnv: { CUDA_VISIBLE_DEVICES: 'GPU-0' },
};

/** Runs as long as there is a file in the home of its machine. */
const held = (pragmas: string) => `/**
 * @hardware gpu
 * ${pragmas}
 */
test('held', async () => {
  const hold = process.env.HOME + '/hold';
  while (require('node:fs').existsSync(hold)) await new Promise((resolve) => setTimeout(resolve, 20));
}, 60_000);
`;

/** A stand-in for the tool of a card that draws 100 W: as hot, and with as much free memory, as two files say. */
const tool = (folder: string) => `#!/bin/sh
loop=
for word in "$@"; do
  case "$word" in
    --query-gpu=uuid,memory.free) echo "GPU-0, $(cat '${folder}/free')"; exit 0 ;;
    --query-compute-apps=*) echo "GPU-0, 4711, 6144, /usr/bin/python"; exit 0 ;;
    --query-gpu=uuid,temperature*) ;;
    --loop-ms=*) loop=1 ;;
    --format=*) ;;
    *) exit 1 ;;
  esac
done
while :; do
  echo "GPU-0, $(cat '${folder}/celsius'), 100.00" || exit 1
  echo x >> '${folder}/rows'
  [ -n "$loop" ] || exit 0
  sleep 0.05
done
`;

async function runThere(files: Readonly<Record<string, string>>, { free = 8192 } = {}) {
  const { home } = await machineHost();
  const folder = join(home, 'bin');
  /** At once: who reads it meanwhile finds the old value or the new one, never an empty file. */
  const set = (name: string, value: number) => {
    writeFileSync(join(folder, `${name}.new`), `${value}`);
    renameSync(join(folder, `${name}.new`), join(folder, name));
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'nvidia-smi'), tool(folder), { mode: 0o755 });
  set('celsius', 50);
  set('free', free);
  const hold = join(home, 'hold');
  writeFileSync(hold, '');
  const project = await useMachine({
    machine: { machine: { version: 1, devices: [gpu] }, workers: 1 },
    files,
  });
  const run = await startJest(project, []);
  const record = () => readRecords(join(project.directory, '.jest-hardware')).at(-1) ?? [];
  return {
    run,
    set,
    letGo: () => rmSync(hold),
    rows: () => readFileSync(join(folder, 'rows'), 'utf8').length / 2,
    until: (is: (event: RunEvent) => boolean) => run.until(() => record().some(is)),
  };
}

const isEnd = (id: string) => (event: RunEvent) => event.type === 'suite-ended' && event.suiteId === id;
const isStart = (id: string) => (event: RunEvent) =>
  event.type === 'suite-started' && event.placement.suiteId === id;

testWithSsh(
  'a GPU of another machine that is too hot gets no suite, and what it draws is measured',
  async () => {
    const files = { 'first.test.js': held('@priority 5'), 'second.test.js': held('@priority 1') };
    const { run, set, letGo, rows, until } = await runThere(files);
    await until(isStart('first.test.js'));
    set('celsius', 95);
    await until((event) => event.type === 'device-heat' && event.hot);
    const seen = rows();
    await run.until(() => rows() >= seen + 40);
    letGo();
    await until(isEnd('first.test.js'));
    set('celsius', 60);
    const { record, stderr, json, leftOver } = await run.ended;
    expect(json.numFailedTestSuites).toBe(0);
    expect(eventsOf(record, 'device-heat')).toMatchObject([
      { machine: 'gpu-box', deviceId: 'gpu0', hot: true, celsius: 95, source: 'nvidia-smi' },
      { machine: 'gpu-box', deviceId: 'gpu0', hot: false, celsius: 60 },
    ]);
    const cool = record.findIndex((event) => event.type === 'device-heat' && !event.hot);
    expect(record.findIndex(isEnd('first.test.js'))).toBeLessThan(cool);
    expect(record.findIndex(isStart('second.test.js'))).toBeGreaterThan(cool);
    expect(stderr).toMatch(/hot +gpu-box\/gpu0 \(95 °C, nvidia-smi\) for/);
    const [end] = endsOf(record, 'first.test.js');
    const watts = (end?.energyJoules?.['gpu0'] ?? 0) / ((end?.durationMs ?? 1) / 1000);
    expect(watts).toBeGreaterThan(50);
    expect(watts).toBeLessThan(150);
    expect(leftOver).toEqual([]);
  },
);

testWithSsh('a suite waits where others have taken the memory of a GPU of another machine', async () => {
  const files = {
    'first.test.js': held('@priority 1\n * @min-memory 1GiB'),
    'second.test.js': held('@priority 5\n * @min-memory 6GiB'),
    'third.test.js': held('@priority 3\n * @min-memory 6GiB'),
  };
  const { run, set, letGo, until } = await runThere(files, { free: 2048 });
  await run.waitFor(/a suite that needs 6 GiB does not fit on gpu-box\/gpu0 now: 2 GiB of 8 GiB are free/);
  await until(isStart('first.test.js'));
  set('free', 8192);
  letGo();
  const { record, json, leftOver } = await run.ended;
  expect(json.numFailedTestSuites).toBe(0);
  expect(eventsOf(record, 'device-memory')).toMatchObject([
    { machine: 'gpu-box', deviceId: 'gpu0', takenBytes: 6 * 1024 ** 3, by: 'pid 4711 (python) holds 6 GiB' },
    { machine: 'gpu-box', deviceId: 'gpu0', takenBytes: 0 },
  ]);
  const [full = -1, free = -1] = eventsOf(record, 'device-memory').map((event) => record.indexOf(event));
  // What fits starts; what does not fit waits, though it would come first; and what a suite there leaves is seen with its end.
  expect(record.findIndex(isStart('first.test.js'))).toBeGreaterThan(full);
  expect(record.findIndex(isEnd('first.test.js'))).toBeGreaterThan(free);
  for (const id of ['second.test.js', 'third.test.js'])
    expect(record.findIndex(isStart(id))).toBeGreaterThan(free);
  expect(leftOver).toEqual([]);
});
