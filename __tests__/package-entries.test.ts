import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const inDist = (path: string) => new URL(`../dist/${path}`, import.meta.url);

// Node looks through a CommonJS file for the names of its exports, and through all that it re-exports. Of 1.4 MB of code
// that takes longer than loading it.
test.each(['index.cjs', 'jest/sequencer.cjs', 'jest/reporter.cjs'])(
  'an ES module that imports %s does not make Node look through all code of the package',
  (path) => {
    const names = `Object.keys(await import(${JSON.stringify(inDist(path).href)}))`;
    const script = `console.log(JSON.stringify(${names}))`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    const found = JSON.parse(printed) as readonly string[];
    expect(found.filter((name) => name !== 'default' && name !== 'module.exports')).toEqual([]);
  },
);

test('the command runs', () => {
  const main = fileURLToPath(inDist('cli/main.js'));
  expect(execFileSync(process.execPath, [main, '--help'], { encoding: 'utf8' })).toContain(
    'jest-runner-hardware',
  );
});
