import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../src/host/host.js';
import { sensorsOf } from '../../src/sensors/readings.js';
import { SensorWatch } from '../../src/sensors/watch.js';
import { device } from '../core/cluster.js';
import { temporaryHost } from '../detect/temporary-host.js';

const gpu = device({
  id: 'gpu0',
  class: 'gpu',
  vendor: 'nvidia',
  bindingEnv: { CUDA_VISIBLE_DEVICES: 'GPU-0' },
});

/** 20 W, and a saw of 200 to 350 W while the file `busy` is there. It notes when it told what, in ns. */
const card = (refused: string) => `
here=\${0%/*}/..
loop=
for word in "$@"; do
  case "$word" in
    --loop-ms=*) loop=1 ;;
    ${refused}) echo "Field is not a valid field to query."; exit 2 ;;
  esac
done
echo $$ >> "$here/pids"
row=0
while :; do
  row=$((row + 1))
  watts=20
  [ -e "$here/busy" ] && watts=$((200 + row % 4 * 50))
  echo "GPU-0, 50, $watts.00" || exit 1
  echo "$(/bin/date +%s%N) $watts" >> "$here/told"
  [ -n "$loop" ] || exit 0
  /bin/sleep 0.05
done`;

const watches: SensorWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.stop();
});

function watchOf(host: Host): SensorWatch {
  const watch = new SensorWatch({
    machine: 'local',
    devices: [gpu],
    sensors: sensorsOf(host, { devices: [gpu] }),
    heat: true,
    tell: () => {},
  });
  watches.push(watch);
  return watch;
}

interface Told {
  readonly atMs: number;
  readonly watts: number;
}

const toldBy = (directory: string): readonly Told[] =>
  linesOf(join(directory, 'told')).map((line) => {
    const [ns = '', watts = ''] = line.split(' ');
    return { atMs: Number(BigInt(ns) / 1000n) / 1000, watts: Number(watts) };
  });

function linesOf(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** What the card drew between two times, by its own notes: straight lines, and at the ends as at the nearest note. */
function drawnBetween(told: readonly Told[], fromMs: number, toMs: number): number {
  const inside = told.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const [first, last] = [inside[0], inside.at(-1)];
  if (first === undefined || last === undefined) return Number.NaN;
  const points = [{ ...first, atMs: fromMs }, ...inside, { ...last, atMs: toMs }];
  return points.reduce((joules, { atMs, watts }, index) => {
    const before = points[index - 1] ?? first;
    return index === 0 ? 0 : joules + (((watts + before.watts) / 2) * (atMs - before.atMs)) / 1000;
  }, 0);
}

test.each([
  ['by the momentary power', '--no-such-word'],
  ['of an old driver by the mean power', '*power.draw.instant*'],
])('what a card draws while an attempt holds it, %s', async (_, refused) => {
  const host = temporaryHost({ tools: { 'nvidia-smi': card(refused) } });
  const watch = watchOf(host);
  const busy = join(host.directory, 'busy');
  const countBusy = () => toldBy(host.directory).filter(({ watts }) => watts > 20).length;
  // The first look at an idle card, as at the start of a run.
  await until(() => toldBy(host.directory).length > 0);
  writeFileSync(busy, '');
  const fromMs = Date.now();
  const end = watch.begin(['gpu0']);
  // A busy machine hands the first and the last reading over late: they are to be a small part.
  await until(() => countBusy() >= 80);
  const toMs = Date.now();
  const measured = end()['gpu0'] ?? Number.NaN;
  rmSync(busy);
  const truth = drawnBetween(toldBy(host.directory), fromMs, toMs);
  expect(truth / ((toMs - fromMs) / 1000)).toBeGreaterThan(250);
  expect(Math.abs(measured / truth - 1)).toBeLessThan(0.05);
});

test('a tool that tells one row and ends measures nothing', async () => {
  const host = temporaryHost({
    tools: { 'nvidia-smi': 'echo "GPU-0, 50, 200.00"; echo x >> $0.told' },
  });
  const end = watchOf(host).begin(['gpu0']);
  await until(() => linesOf(join(host.directory, 'bin', 'nvidia-smi.told')).length >= 2);
  expect(end()).toEqual({});
});

test('one process for attempts that overlap, and none when the watch ends', async () => {
  const host = temporaryHost({ tools: { 'nvidia-smi': card('--no-such-word') } });
  const watch = watchOf(host);
  await until(() => toldBy(host.directory).length > 0);
  const before = linesOf(join(host.directory, 'pids')).length;
  const ends = [watch.begin(['gpu0']), watch.begin(['gpu0'])];
  await until(() => toldBy(host.directory).length > 5);
  for (const end of ends) end();
  const pids = linesOf(join(host.directory, 'pids')).slice(before);
  expect(pids).toHaveLength(1);
  watch.stop();
  await until(() => pids.every((pid) => !existsSync(`/proc/${pid}/cmdline`) || isZombie(pid)));
});

test('what is followed no more is ended, and tells nothing', async () => {
  const host = temporaryHost({ tools: { 'nvidia-smi': card('--no-such-word') } });
  let lines = 0;
  const stop = host.follow('nvidia-smi', ['--loop-ms=50'], { onLine: () => lines++, onEnd: () => {} });
  await until(() => lines > 2);
  stop();
  const seen = lines;
  const [pid = ''] = linesOf(join(host.directory, 'pids'));
  await until(() => !existsSync(`/proc/${pid}/cmdline`) || isZombie(pid));
  expect(lines).toBe(seen);
});

test('a tool that is not there ends at once', async () => {
  let ended = false;
  temporaryHost({}).follow('nvidia-smi', [], { onLine: () => {}, onEnd: () => (ended = true) });
  await until(() => ended);
  expect(ended).toBe(true);
});

function isZombie(pid: string): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
