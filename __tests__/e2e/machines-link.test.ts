import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFarMachine, useFarProject } from './harness/far-machine.js';
import { startJest } from './harness/jest.js';
import { leaveProjects } from './harness/project.js';
import { eventsOf, readRecords } from './harness/record.js';
import { testWithSsh } from './harness/ssh-server.js';

afterAll(leaveProjects);

/** Runs as long as there is a file in the home of its machine. */
const held = `/** @hardware gpu */
test('held', async () => {
  const hold = process.env.HOME + '/hold';
  while (require('node:fs').existsSync(hold)) await new Promise((resolve) => setTimeout(resolve, 20));
}, 60_000);
`;

testWithSsh('a way that becomes slower, and faster again, is followed while suites run', async () => {
  const far = await startFarMachine('far', 10);
  try {
    const hold = join(far.host.home, 'hold');
    writeFileSync(hold, '');
    const project = await useFarProject({ machines: [far], files: { 'held.test.js': held } });
    const told = () =>
      eventsOf(readRecords(join(project.directory, '.jest-hardware')).at(-1) ?? [], 'link-measured');
    const run = await startJest(project, []);
    await run.until(() => far.pids('suite-process').length > 0);
    far.link.delay(200);
    await run.until(() => told().some(({ leadMs }) => leadMs >= 400));
    far.link.delay(10);
    await run.until(() => (told().at(-1)?.leadMs ?? 400) < 400);
    rmSync(hold);
    const { json, record, leftOver } = await run.ended;
    expect(json.numFailedTestSuites).toBe(0);
    expect(eventsOf(record, 'link-measured').every(({ machine }) => machine === 'far')).toBe(true);
    const [first] = eventsOf(record, 'slot-up').filter(({ slot }) => slot.machine.name === 'far');
    expect(first?.slot.leadMs).toBeLessThan(400);
    expect(leftOver).toEqual([]);
  } finally {
    far.dispose();
  }
});
