import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';

afterAll(leaveProjects);

const machine = {
  version: 1,
  machine: { name: 'box' },
  devices: [{ id: 'gpu0', class: 'gpu', model: 'Example\u001b[31m GPU' }],
};

test('showDevice: after the lines of each suite that ran, where it ran', async () => {
  const project = await useProject('history', {
    options: { showDevice: true, unsatisfiable: 'skip', machine },
    files: {
      'broken.test.js': "/** @hardware gpu */\ntest('adds', () => expect(1 + 1).toBe(3));\n",
      'npu.test.js': "/** @hardware npu */\ntest('listens', () => {});\n",
    },
  });
  const { stderr } = await runJest(project, ['-w', '2']);
  const passed = stderr.match(/^PASS \S+( \([\d.]+ s\))?\n {7}on cpu( \(.+\))?$/gm);
  expect(passed).toHaveLength(3);
  expect(stderr).toMatch(/^FAIL \.\/broken\.test\.js[\s\S]+?\n {7}on gpu0 \(Example GPU\)$/m);
  expect(stderr.match(/^ {7}on /gm)).toHaveLength(4);
});
