import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runJest } from './jest.js';
import { placesOf } from './machine.js';
import type { Project } from './project.js';

/** Of a project whose suite runs on another machine that has a GPU. */
export const editedFiles = {
  'gpu.test.js': `/** @hardware gpu */
test('there', () => expect(process.cwd()).toContain('checkout-1'));
test('its value', () => expect(require('./value')).toBe('committed'));
`,
  'value.js': "module.exports = 'committed';\n",
  'gone.js': '',
};

/** The suite runs on `gpu-box`, with what was edited, added and deleted here, and reads as if it had run here. */
export async function expectFilesAsHere(project: Project): Promise<void> {
  const first = await runJest(project, []);
  expect(first.stderr).toContain('2 passed');
  expect(placesOf(first.record)['gpu.test.js']).toBe('gpu-box/gpu0');
  expect(first.leftOver).toEqual([]);

  const path = (file: string) => join(project.directory, file);
  writeFileSync(path('value.js'), "module.exports = require('./untracked');\n");
  writeFileSync(path('untracked.js'), "module.exports = 'edited';\n");
  rmSync(path('gone.js'));
  appendFileSync(
    path('gpu.test.js'),
    "test('deleted', () => expect(require('node:fs').existsSync(__dirname + '/gone.js')).toBe(false));\n",
  );
  const edited = await runJest(project, []);
  expect(edited.stderr).toContain('Received: "edited"');
  expect(edited.stderr).toContain('1 failed, 2 passed');
  expect(edited.stderr).toContain('(gpu.test.js:3:');
  expect(edited.stderr).not.toContain('checkout-1/');
  expect(edited.json.testResults.map(({ name }: { name: string }) => name)).toContain(path('gpu.test.js'));
}
