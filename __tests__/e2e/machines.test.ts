import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../src/core/events.js';
import { editedFiles, expectFilesAsHere } from './harness/edited-files.js';
import { runJest } from './harness/jest.js';
import { startLink } from './harness/link.js';
import { leaveMachines, machineHost, useMachine } from './harness/machine.js';
import { testWithSsh } from './harness/ssh-server.js';

afterAll(leaveMachines);

const onGpu = `/** @hardware gpu */
test('there', () => expect(process.cwd()).toContain('checkout-1'));
test('its value', () => expect(require('./value')).toBe('committed'));
`;

testWithSsh('suites run where their device is, with the files as they are here', async () => {
  await expectFilesAsHere(await useMachine({ files: editedFiles }));
});

testWithSsh('snapshots that a suite writes there are written here', async () => {
  const suite = `/** @hardware gpu */
test('file', () => expect({ a: 1 }).toMatchSnapshot());
test('inline', () => expect(1 + 1).toMatchInlineSnapshot());
`;
  const project = await useMachine({ files: { 'gpu.test.js': suite } });
  const run = await runJest(project, ['--ci=false']);
  expect(run.stderr).toContain('2 snapshots written');
  expect(readFileSync(join(project.directory, '__snapshots__/gpu.test.js.snap'), 'utf8')).toContain('"a": 1');
  expect(readFileSync(join(project.directory, 'gpu.test.js'), 'utf8')).toContain(
    'toMatchInlineSnapshot(`2`)',
  );
  const again = await runJest(project, ['--ci']);
  expect(again.stderr).toContain('2 passed, 2 total');
});

testWithSsh('a machine that cannot be reached is named, and its suites say why', async () => {
  const project = await useMachine({
    files: { 'gpu.test.js': onGpu, 'cpu.test.js': "test('here', () => {});\n" },
    machine: { name: 'far', ssh: 'nobody@127.0.0.1:1' },
  });
  const run = await runJest(project, []);
  expect(run.stderr).toContain('jest-runner-hardware: far cannot be used: ');
  expect(run.stderr).toContain('Connection refused');
  expect(run.stderr).toMatch(/No device of this run can run this suite:\n +far cannot be used/);
  expect(run.json.numPassedTestSuites).toBe(run.json.numTotalTestSuites - 1);
  expect(existsSync(join(project.directory, '.jest-hardware'))).toBe(true);
});

testWithSsh('the environment of the machine is its own, but for the names that are given', async () => {
  const project = await useMachine({
    machine: { env: ['FOR_THERE'] },
    files: {
      'gpu.test.js': `/** @hardware gpu */
test('given', () => expect([process.env.FOR_THERE, process.env.FOR_HERE]).toEqual(['yes', undefined]));
`,
    },
  });
  const run = await runJest(project, [], { env: { FOR_THERE: 'yes', FOR_HERE: 'no' } });
  expect(run.stderr).toContain('1 passed');
});

testWithSsh('a machine that is far away gets suites before its slots are free', async () => {
  const box = await machineHost();
  const link = await startLink(box.port, 40);
  const ids = ['a', 'b', 'c', 'd'];
  const suite = `/** @hardware gpu */
test('there', () => new Promise((resolve) => setTimeout(resolve, 50)));
`;
  try {
    const project = await useMachine({
      machine: { sshArgs: ['-F', box.configFile, '-o', `Port=${link.port}`] },
      files: Object.fromEntries(ids.map((id) => [`${id}.test.js`, suite])),
    });
    const { json, record, leftOver } = await runJest(project, []);
    expect(json.numFailedTestSuites).toBe(0);
    const leads = record.flatMap((event) => (event.type === 'slot-up' ? (event.slot.leadMs ?? []) : []));
    expect(Math.min(...leads)).toBeGreaterThanOrEqual(80);
    const sent = record.findIndex(({ type }) => type === 'successor-named');
    expect(sent).toBeGreaterThan(-1);
    // Before anything there has ended, beside what may have run here.
    expect(record.slice(0, sent).filter((event) => isOnGpu(event))).toHaveLength(0);
    expect(leftOver).toEqual([]);
  } finally {
    link.close();
  }
});

function isOnGpu(event: RunEvent): boolean {
  return event.type === 'suite-ended' && event.slotId.startsWith('gpu-box/gpu0');
}
