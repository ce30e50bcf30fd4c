import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
/** Whatever is not built or installed, below the folders and at the top. */
const paths = readdirSync(root)
  .filter((name) => !['.git', 'node_modules', 'dist', 'coverage'].includes(name))
  .flatMap((name) => [name, ...below(name)]);

test('every system can check out every file', () => {
  const refusedByWindows = /[<>:"|?*]|[. ](\/|$)|(^|\/)(con|prn|aux|nul|com\d|lpt\d)(\.[^/]*)?(\/|$)/i;
  expect(paths.length).toBeGreaterThan(500);
  expect(paths.filter((path) => refusedByWindows.test(path))).toEqual([]);
  // macOS and Windows take names that differ in case alone for one.
  const folded = paths.map((path) => path.toLowerCase());
  expect(paths.filter((path, index) => folded.indexOf(path.toLowerCase()) !== index)).toEqual([]);
});

function below(name: string): readonly string[] {
  if (!statSync(root + name).isDirectory()) return [];
  return readdirSync(root + name, { recursive: true, encoding: 'utf8' }).map((path) => `${name}/${path}`);
}
