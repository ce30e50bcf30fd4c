import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FleetMachine, fleetOfFile, useFleetProject } from './harness/fleet.js';
import { startJest } from './harness/jest.js';
import type { Project } from './harness/project.js';
import { endsOf, eventsOf } from './harness/record.js';
import { testWithRedis } from './harness/redis-server.js';

const fleet = fleetOfFile();
const desk = mkdtempSync(join(tmpdir(), 'jrh-elastic-'));
afterAll(() => {
  rmSync(desk, { recursive: true, force: true });
});

/** Its suites know where they are. */
function joined(project: Project, name: string): Promise<FleetMachine> {
  return fleet.join(project, { name, env: { MACHINE: name } });
}

/** Says where it runs, and is held until all are let go. */
const held = (id: number) => `/** @hardware gpu */
const { existsSync, writeFileSync } = require('node:fs');
test('is let go', async () => {
  writeFileSync(${JSON.stringify(`${desk}/${id} on `)} + process.env.MACHINE, '');
  while (!existsSync(${JSON.stringify(join(desk, 'go'))})) await new Promise((resolve) => setTimeout(resolve, 20));
}, 80000);
`;

testWithRedis('machines leave, are killed and join in a run: every suite has one result', async () => {
  const files = Object.fromEntries(Array.from({ length: 6 }, (_, id) => [`${id}.test.js`, held(id)]));
  const project = await useFleetProject(fleet, { files });
  const [leaving, killed] = await Promise.all(['leaving', 'killed'].map((name) => joined(project, name)));
  const run = await startJest(project, []);
  const runsOn = (name: string) => readdirSync(desk).some((file) => file.endsWith(` on ${name}`));
  await run.until(() => runsOn('leaving') && runsOn('killed'));
  const joining = await joined(project, 'joining');
  await run.until(() => runsOn('joining'));
  leaving?.process.kill('SIGTERM');
  killed?.process.kill('SIGKILL');
  await run.waitFor(/killed was lost/);
  writeFileSync(join(desk, 'go'), '');
  const { record, json, exitCode } = await run.ended;
  expect(exitCode).toBe(0);
  expect(json.numPassedTests).toBe(6);
  for (const id of Object.keys(files))
    expect(endsOf(record, id).filter(({ status }) => status !== 'lost')).toMatchObject([
      { status: 'passed' },
    ]);
  expect(eventsOf(record, 'machine-lost').map(({ machine }) => machine)).toEqual(
    expect.arrayContaining(['killed']),
  );
  const endedOn = (name: string) =>
    eventsOf(record, 'suite-ended').filter(
      ({ slotId, status }) => slotId.startsWith(name) && status === 'passed',
    );
  expect(endedOn('joining').length).toBeGreaterThanOrEqual(4);
  expect(endedOn('killed')).toEqual([]);
  joining.process.kill();
  await Promise.all([leaving?.ended, joining.ended]);
});

testWithRedis('a machine that was not wanted takes the place of one that is lost', async () => {
  rmSync(join(desk, 'go'), { force: true });
  const project = await useFleetProject(fleet, { files: { '9.test.js': held(9) } });
  const machines = await Promise.all(['one', 'other'].map((name) => joined(project, name)));
  const run = await startJest(project, []);
  const place = () => readdirSync(desk).find((file) => file.startsWith('9 on '));
  await run.until(() => place() !== undefined);
  const first = place()?.slice('9 on '.length);
  machines.find(({ name }) => name === first)?.process.kill('SIGKILL');
  const second = first === 'one' ? 'other' : 'one';
  await run.until(() => existsSync(join(desk, `9 on ${second}`)));
  writeFileSync(join(desk, 'go'), '');
  const { record, exitCode } = await run.ended;
  expect(exitCode).toBe(0);
  expect(eventsOf(record, 'machine-awaited').map(({ machine }) => machine)).toEqual([
    'the fleet',
    first,
    second,
  ]);
  for (const machine of machines) machine.process.kill();
  await Promise.all(machines.map(({ ended }) => ended));
});
