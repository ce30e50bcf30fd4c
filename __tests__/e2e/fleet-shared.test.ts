import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fleetOfFile, useFleetProject } from './harness/fleet.js';
import { type RunningJest, startJest } from './harness/jest.js';
import { placesOf } from './harness/machine.js';
import type { Project } from './harness/project.js';
import { eventsOf, fates, readRecords } from './harness/record.js';
import { testWithRedis } from './harness/redis-server.js';

const fleet = fleetOfFile();
/** Suites tell here that they have begun, and end when they are let. */
const desk = mkdtempSync(join(tmpdir(), 'jrh-shared-'));
afterAll(() => {
  rmSync(desk, { recursive: true, force: true });
});

const gpu = { id: 'gpu0', class: 'gpu', model: 'Test GPU', memoryBytes: '8GiB', backends: ['cuda'] };

/** A run whose suites are held until they are let go. */
class HeldRun {
  readonly name: string;
  readonly project: Project;
  jest: RunningJest | undefined;

  constructor(name: string, project: Project) {
    this.name = name;
    this.project = project;
  }

  static async of(
    name: string,
    count: number,
    { withLocks = false, ...connect }: { withLocks?: boolean; priority?: number } = {},
  ): Promise<HeldRun> {
    const suites = Array.from({ length: count }, (_, index) => [
      `${index}.test.js`,
      held(`${name}-${index}`, withLocks),
    ]);
    return new HeldRun(name, await useFleetProject(fleet, { connect, files: Object.fromEntries(suites) }));
  }

  async start(): Promise<RunningJest> {
    this.jest = await startJest(this.project, []);
    return this.jest;
  }

  /** Numbers of the suites that run. */
  get running(): readonly string[] {
    const [began, ended] = [this.#told('began'), this.#told('ended')];
    return began.filter((each) => !ended.includes(each));
  }

  get record() {
    return readRecords(join(this.project.directory, '.jest-hardware')).at(-1) ?? [];
  }

  until(is: () => boolean): Promise<void> {
    return this.jest?.until(is) ?? Promise.reject(new Error('it was not started'));
  }

  letGo(suite = this.running[0]): void {
    writeFileSync(join(desk, `go-${this.name}-${suite}`), '');
  }

  letAllGo(): void {
    writeFileSync(join(desk, `go-${this.name}`), '');
  }

  #told(what: string): readonly string[] {
    const start = `${what}-${this.name}-`;
    return readdirSync(desk).flatMap((file) => (file.startsWith(start) ? [file.slice(start.length)] : []));
  }
}

/** @param withLock One of its own: it is not sent ahead to a place where another one runs, as it may be over a slow link. */
const held = (id: string, withLock: boolean) => `/** @hardware gpu${withLock ? `\n * @lock ${id}` : ''} */
const { existsSync, writeFileSync } = require('node:fs');
test('is let go', async () => {
  writeFileSync(${JSON.stringify(join(desk, `began-${id}`))}, '');
  const all = ${JSON.stringify([join(desk, `go-${id}`), join(desk, `go-${id.split('-')[0]}`)])};
  while (!all.some((path) => existsSync(path))) await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(${JSON.stringify(join(desk, `ended-${id}`))}, '');
}, 80000);
`;

testWithRedis.each([
  ['equal runs get half of a device each', 1, [2, 2]],
  ['a run of priority 3 gets three of four places', 3, [1, 3]],
] as const)('%s, and both end', async (_what, priority, [ofFirst, ofSecond]) => {
  const first = await HeldRun.of(`first${priority}`, 8, { withLocks: true });
  const second = await HeldRun.of(`second${priority}`, 6, { withLocks: true, priority });
  const machine = await fleet.join(first.project, {
    devices: [{ ...gpu, shares: 4 }],
    flags: ['--workers', '4'],
  });
  await first.start();
  await first.until(() => first.running.length === 4);
  await second.start();
  // It asks for its share, and no more: what others have it does not wait for.
  await second.until(() => eventsOf(second.record, 'suite-started').length === ofSecond);
  await first.until(() => eventsOf(first.record, 'device-turns').at(-1)?.free === ofFirst);
  for (let count = 1; count <= ofSecond; count++) {
    first.letGo();
    await second.until(() => second.running.length === count);
  }
  expect(first.running).toHaveLength(ofFirst);
  expect(eventsOf(second.record, 'suite-started')).toHaveLength(ofSecond);
  // It gives its places back: no further suite of it waits there.
  expect(eventsOf(first.record, 'suite-started')).toHaveLength(4);
  for (const run of [first, second]) run.letAllGo();
  for (const run of [first, second]) {
    const ended = await run.jest?.ended;
    expect(ended?.exitCode).toBe(0);
    expect(new Set(Object.values(fates(ended?.record ?? [])))).toEqual(new Set(['passed']));
    expect(ended?.json.numPassedTests).toBe(run === first ? 8 : 6);
    expect(eventsOf(ended?.record ?? [], 'suite-started')).toHaveLength(run === first ? 8 : 6);
  }
  machine.process.kill();
  await machine.ended;
});

testWithRedis('suites go to a machine that is free, and not to one that another run uses', async () => {
  const one = await HeldRun.of('one', 1);
  const two = await HeldRun.of('two', 2);
  const busy = await fleet.join(one.project, { name: 'busy' });
  await one.start();
  await one.until(() => one.running.length === 1);
  const free = await fleet.join(one.project, { name: 'free' });
  await two.start();
  await two.until(() => two.running.length === 1);
  expect(Object.values(placesOf(two.record))).toContain('free/gpu0');
  two.letGo();
  // The other one runs there as well, as the first run still has its machine.
  await two.until(
    () =>
      two.running.length === 1 &&
      existsSync(join(desk, `ended-two-0`)) !== existsSync(join(desk, 'ended-two-1')),
  );
  for (const run of [one, two]) run.letAllGo();
  const ends = await Promise.all([one.jest?.ended, two.jest?.ended]);
  expect(ends.map((each) => each?.exitCode)).toEqual([0, 0]);
  for (const machine of [busy, free]) machine.process.kill();
  await Promise.all([busy.ended, free.ended]);
});
