import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { fates } from './harness/record.js';
import { logOf, overlaps } from './harness/suite-log.js';

afterAll(leaveProjects);

const machine = {
  replace: true,
  machine: { cpuBudget: 4, memoryBudgetBytes: 4 * 1024 ** 3 },
  devices: [{ id: 'cpu', class: 'cpu' }],
};

test('@lock keeps suites apart, @exclusive keeps all others away, the rest runs at once', async () => {
  const project = await useProject('exclusion', { options: { machine } });
  const run = await runJest(project, ['-w', '4']);
  expect(run.exitCode).toBe(0);
  expect(Object.values(fates(run.record))).toEqual(Array(8).fill('passed'));
  const together = overlaps(logOf(project));
  expect(together.filter((pair) => /lock-\d \+ lock-\d/.test(pair))).toEqual([]);
  expect(together.filter((pair) => pair.includes('exclusive'))).toEqual([]);
  expect(together.filter((pair) => pair.includes('free'))).not.toEqual([]);
});

test('suites that keep several threads busy share the machine by threads', async () => {
  const file = (n: number) =>
    `/** @cpu 3 */\nconst { log, pause } = require('./log.cjs');\ntest('a', async () => { log('wide-${n}', 'begin'); await pause(150); log('wide-${n}', 'end'); });\n`;
  const files = { 'wide-1.test.js': file(1), 'wide-2.test.js': file(2), 'wide-3.test.js': file(3) };
  const project = await useProject('exclusion', { options: { machine }, files });
  const run = await runJest(project, ['-w', '4', 'wide', 'free']);
  expect(run.exitCode).toBe(0);
  const together = overlaps(logOf(project));
  expect(together.filter((pair) => /wide-\d \+ wide-\d/.test(pair))).toEqual([]);
});

test('suites that need more memory together than there is run one after another', async () => {
  const file = (n: number) =>
    `/** @host-memory 3GiB */\nconst { log, pause } = require('./log.cjs');\ntest('a', async () => { log('big-${n}', 'begin'); await pause(150); log('big-${n}', 'end'); });\n`;
  const files = { 'big-1.test.js': file(1), 'big-2.test.js': file(2) };
  const project = await useProject('exclusion', { options: { machine }, files });
  const run = await runJest(project, ['-w', '4', 'big', 'free']);
  expect(run.exitCode).toBe(0);
  const together = overlaps(logOf(project));
  expect(together).not.toContain('big-1 + big-2');
  expect(together).not.toEqual([]);
});
