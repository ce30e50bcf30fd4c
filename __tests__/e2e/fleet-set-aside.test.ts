import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './harness/command.js';
import { type FleetMachine, fleetOfFile, useFleetProject } from './harness/fleet.js';
import { type JestRun, runJest } from './harness/jest.js';
import type { Project } from './harness/project.js';
import { eventsOf } from './harness/record.js';
import { testWithRedis } from './harness/redis-server.js';

const fleet = fleetOfFile();

const gpus = ['gpu0', 'gpu1'].map((id) => ({ id, class: 'gpu', memoryBytes: '8GiB', backends: ['cuda'] }));

/** Two suites, one for each GPU. With `BROKEN` in their code gpu0 has fallen off the bus. */
const projectWith = (isBroken: boolean): Promise<Project> => {
  const fails = "throw new Error('NVRM: Xid (PCI:0000:02:00): 79, GPU has fallen off the bus.')";
  const body = isBroken ? `if (placement.device.id === 'gpu0') ${fails};` : '';
  const suite = `/** @hardware gpu */
const { placement } = require('jest-runner-hardware/placement');
test('computes', () => { ${body} });
`;
  return useFleetProject(fleet, { files: { 'one.test.js': suite, 'two.test.js': suite } });
};

/** Of a checkout that has seen no run yet. */
async function runAnew(project: Project): Promise<JestRun> {
  rmSync(join(project.directory, '.jest-hardware'), { recursive: true, force: true });
  const run = await runJest(project, []);
  expect(run.exitCode).toBe(0);
  return run;
}

const usedBy = ({ record }: JestRun) =>
  new Set(eventsOf(record, 'suite-started').flatMap(({ placement }) => placement.claim.deviceIds));
const setAsideBy = ({ record }: JestRun) => eventsOf(record, 'set-aside');

testWithRedis(
  'a device that one project finds broken: its runs leave it, and all runs when two find so',
  async () => {
    const flags = ['--workers', '2'];
    const broken = await projectWith(true);
    let machine: FleetMachine = await fleet.join(broken, { devices: gpus, flags });
    const told = (project: Project, ...more: string[]) =>
      command(project, 'fleet', '--connect', fleet.redis.url, ...more);

    const first = await runAnew(broken);
    expect(setAsideBy(first)).toMatchObject([{ machine: 'gpu-box', deviceId: 'gpu0' }]);
    expect(first.stderr).toContain('until `npx jest-runner-hardware fleet --clear gpu-box/gpu0`');
    await machine.said('has set gpu0 aside');
    const later = await runAnew(broken);
    expect(usedBy(later)).toEqual(new Set(['gpu1']));
    expect(setAsideBy(later)).toMatchObject([{ deviceId: 'gpu0', since: expect.any(String) }]);
    expect((await told(broken)).stdout).toMatch(
      /^gpu-box\/gpu0 is set aside since .*Z, for the project whose run said so: it is gone: Error: NVRM: Xid/m,
    );

    const sound = await projectWith(false);
    expect(usedBy(await runAnew(sound))).toEqual(new Set(['gpu0', 'gpu1']));
    await runAnew(await projectWith(true));
    expect(usedBy(await runAnew(sound))).toEqual(new Set(['gpu1']));
    const { machines } = JSON.parse((await told(sound, '--json')).stdout);
    expect(machines).toMatchObject([{ setAside: [{ deviceId: 'gpu0', projects: 2 }] }]);

    machine.process.kill();
    await machine.ended;
    machine = await fleet.join(broken, { devices: gpus, flags: [...flags, '--once'], home: machine.home });
    expect((await told(sound)).stdout).toContain('gpu-box/gpu0 is set aside since');
    expect((await told(sound, '--clear', 'gpu-box/gpu1')).stdout).toBe('no such device is set aside\n');
    expect((await told(sound, '--clear', 'gpu-box/gpu0')).stdout).toBe(
      'gpu-box/gpu0 is used again by runs that begin now\n',
    );
    // Machines say once a second what they keep.
    while ((await told(sound)).stdout.includes('set aside'));
    // Whoever clears is no run, after which the worker would have ended.
    expect(usedBy(await runAnew(sound))).toEqual(new Set(['gpu0', 'gpu1']));
    expect(await machine.ended).toBe(0);
  },
);
