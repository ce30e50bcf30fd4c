import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountSmallDisk, type SmallDisk, testWithSmallDisk } from './harness/full-disk.js';
import { type JestRun, runJest } from './harness/jest.js';
import { claimsOf, leaveProjects, type Project, type ProjectOptions, useProject } from './harness/project.js';
import { statuses } from './harness/results.js';

const disks: SmallDisk[] = [];
afterEach(() => {
  for (const disk of disks.splice(0)) disk.unmount();
});
afterAll(leaveProjects);

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
