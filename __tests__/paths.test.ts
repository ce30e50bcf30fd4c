import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const paths = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .slice(0, -1);

test('every system can check out every file', () => {
  const refusedByWindows = /[<>:"|?*\\]|[. ](\/|$)|(^|\/)(con|prn|aux|nul|com\d|lpt\d)(\.[^/]*)?(\/|$)/i;
  expect(paths.length).toBeGreaterThan(500);
  expect(paths.filter((path) => refusedByWindows.test(path))).toEqual([]);
  // macOS and Windows take names that differ in case alone for one.
  const folded = paths.map((path) => path.toLowerCase());
  expect(paths.filter((path, index) => folded.indexOf(path.toLowerCase()) !== index)).toEqual([]);
});
