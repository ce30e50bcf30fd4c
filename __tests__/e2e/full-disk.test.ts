import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountSmallDisk, type SmallDisk, testWithSmallDisk } from './harness/full-disk.js';
import { type JestRun, runJest } from './harness/jest.js';
import { leaveMachines, useMachine } from './harness/machine.js';
import { claimsOf, type Project, type ProjectOptions, useProject } from './harness/project.js';
import { endsOf, eventsOf } from './harness/record.js';
import { statuses } from './harness/results.js';
import { sshServer } from './harness/ssh-server.js';

const disks: SmallDisk[] = [];
afterEach(() => {
  for (const disk of disks.splice(0)) disk.unmount();
});
afterAll(leaveMachines);

/** @param room Default 64 KiB. */
function useDisk(folder: string, room?: string): SmallDisk {
  const disk = mountSmallDisk(folder, room);
  disks.push(disk);
  return disk;
}

const files = {
  'a.test.js': "test('passes', () => {});\n",
  'b.test.js': "/** @lock port */\ntest('passes', () => {});\n",
};
const passed = { 'a.test.js': 'passed', 'b.test.js': 'passed' };
const use = (options: ProjectOptions['options'] = {}) => useProject('bare', { files, options });

/** Lines that name a full disk, without the folder that the test has for itself. */
const saidOf = ({ stderr }: JestRun, { directory }: Project) =>
  stderr
    .replaceAll(`${directory}/`, '')
    .split('\n')
    .filter((line) => /full|ENOSPC/.test(line));

testWithSmallDisk(
  'an output folder without room: one line names what is missing, and the run passes',
  async () => {
    const project = await use({ reports: ['junit', 'html'] });
    const folder = join(project.directory, '.jest-hardware');
    const disk = useDisk(folder);
    // Of an earlier run, which must not pass for this one's.
    writeFileSync(join(folder, 'report.html'), '<p>Passed');
    disk.fill();
    const run = await runJest(project, ['-w', '2']);
    expect(run.exitCode).toBe(0);
    expect(statuses(run)).toEqual(passed);
    expect(saidOf(run, project)).toEqual([
      expect.stringMatching(
        /^jest-runner-hardware: the disk of \.jest-hardware is full, and these files could not be written whole: run-\S+Z\.jsonl, history\.jsonl, junit\.xml, report\.html\. /,
      ),
    ]);
    expect(run.stderr).toContain(
      'remedy: free space there, or name other folders in the options outputDirectory',
    );
    expect(readdirSync(folder).filter((name) => !/^run-|^filler$/.test(name))).toEqual([]);
    disk.free();
    const next = await runJest(project, ['-w', '2']);
    expect(saidOf(next, project)).toEqual([]);
    expect(existsSync(join(folder, 'report.html'))).toBe(true);
  },
);

testWithSmallDisk.each([
  ['that takes no more files', '.jest-hardware'],
  ['that cannot be made', '.jest-hardware/made/here'],
])('an output folder %s: the run passes without its record', async (_what, outputDirectory) => {
  const project = await use({ outputDirectory });
  // The root of the file system is its only inode.
  useDisk(join(project.directory, '.jest-hardware'), 'size=64k,nr_inodes=1');
  const run = await runJest(project, ['-w', '2']);
  expect(run.exitCode).toBe(0);
  expect(statuses(run)).toEqual(passed);
  expect(saidOf(run, project)).toHaveLength(1);
  expect(run.stderr).toContain('Hardware      Passed: 2 suites');
});

testWithSmallDisk.each(['size=16k', 'size=16k,nr_inodes=1'])(
  'a claim folder without room (%s): the run goes on without regard to others',
  async (room) => {
    const project = await use();
    const claims = claimsOf(project.directory);
    useDisk(claims, room).fill();
    const run = await runJest(project, ['-w', '2']);
    expect(run.exitCode).toBe(0);
    expect(statuses(run)).toEqual(passed);
    expect(saidOf(run, project)).toEqual([
      `jest-runner-hardware: the disk of ${claims} is full: this run does not share devices and locks with other runs until there is room`,
    ]);
    expect(readdirSync(claims).filter((name) => name !== 'filler')).toEqual([]);
  },
);

testWithSmallDisk('a suite that finds no room is tried again, as if a device had failed it', async () => {
  const project = await use();
  const folder = join(project.directory, 'room');
  const needy = `const { rmSync, writeFileSync } = require('node:fs');
const path = ${JSON.stringify(folder)};
afterAll(() => rmSync(path + '/filler', { force: true }));
test('writes', () => writeFileSync(path + '/out', Buffer.alloc(20_000)));
`;
  writeFileSync(join(project.directory, 'needy.test.js'), needy);
  useDisk(folder).fill();
  const run = await runJest(project, ['-w', '2']);
  expect(run.exitCode).toBe(0);
  expect(statuses(run)).toEqual({ ...passed, 'needy.test.js': 'passed' });
  expect(run.stderr).toMatch(
    /flaky +needy\.test\.js: the disk of local is full: Error: ENOSPC: no space left on device, write; tried again there; attempt 2 passed/,
  );
});

testWithSmallDisk('a test that asserts on a full disk fails at once', async () => {
  const project = await use();
  const text = "test('fails', () => expect('ENOSPC: no space left on device').toBe(''));\n";
  writeFileSync(join(project.directory, 'a.test.js'), text);
  const run = await runJest(project, ['-w', '2']);
  expect(endsOf(run.record, 'a.test.js')).toHaveLength(1);
  expect(endsOf(run.record, 'a.test.js')[0]).not.toHaveProperty('deviceFault');
});

const testWithSshAndDisk = sshServer === undefined ? test.skip : testWithSmallDisk;

testWithSshAndDisk('a suite that finds no room on another machine moves', async () => {
  const text = `/** @hardware gpu */
const { writeFileSync } = require('node:fs');
const wait = () => new Promise((resolve) => setTimeout(resolve, 3000));
test('writes', async () => {
  writeFileSync(__dirname + '/out', Buffer.alloc(32 * 1024 * 1024));
  await wait();
});
`;
  const gpu = { id: 'gpu0', class: 'gpu', model: 'Test GPU', memoryBytes: '8GiB', backends: ['cuda'] };
  const project = await useMachine({
    options: { machine: { version: 1, devices: [gpu] } },
    files: { 'a.test.js': text, 'b.test.js': text },
  });
  useDisk(join(project.box.home, '.cache/jest-runner-hardware'), 'size=16m');
  const run = await runJest(project, ['-w', '2']);
  expect(run.exitCode).toBe(0);
  expect(statuses(run)).toEqual(passed);
  const [requeued] = eventsOf(run.record, 'suite-requeued');
  expect(requeued?.cause).toMatch(
    /^the disk of gpu-box is full: .*ENOSPC.*; tried again on another machine$/,
  );
});
