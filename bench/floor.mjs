/**
 * What the same small suites take where less is isolated: plain `node --test`, one process for all files, and
 * jest-light-runner. They bound what a runner of Jest can reach from below.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTurns, medianInterval } from './measure.mjs';
import { project, smallSuites, workspace } from './projects.mjs';
import { flags, heading, ratioText } from './report.mjs';

heading('Floor: the same 200 small suites by other means');
const root = workspace();
const small = smallSuites(root);
const suites = readdirSync(join(small.directory, 'test')).map((name) => `test/${name}`);

/** The globals of Jest that the small suites use, by node:test. */
const globals = `const { describe, test } = require('node:test');
const { expect } = require('expect');
const format = (title, value) => title.replace('%i', value);
test.each = (values) => (title, body) => values.forEach((value) => test(format(title, value), () => body(value)));
Object.assign(globalThis, { describe, test, expect });
`;
writeFileSync(join(small.directory, 'globals.cjs'), globals);
writeFileSync(
  join(small.directory, 'all.cjs'),
  `for (const suite of ${JSON.stringify(suites)}) require('./' + suite);\n`,
);
const node = (/** @type {string[]} */ ...args) => ({
  cwd: small.directory,
  argv: [process.execPath, '--require', './globals.cjs', ...args],
});

const twoWorkers = ['-w', '2'];
const { runs } = inTurns({
  pairs: flags.pairs,
  sides: {
    'stock Jest, -w 2': small.jest('stock', twoWorkers),
    'ours, -w 2': small.jest('ours', twoWorkers),
    'ours, -i': small.jest('ours', ['-i']),
    'jest-light-runner, -w 2': lightRunner().jest('stock', twoWorkers),
    'node --test, 2 at a time': node('--test', '--test-concurrency=2', ...suites),
    'node:test, one process': node('all.cjs'),
  },
});
const stock = runs['stock Jest, -w 2'];
for (const [name, of] of Object.entries(runs)) {
  const wall = medianInterval(of.map(({ wallMs }, pair) => wallMs / (stock[pair]?.wallMs ?? NaN)));
  const cpu = medianInterval(of.map(({ cpuMs }, pair) => cpuMs / (stock[pair]?.cpuMs ?? NaN)));
  if (flags.json)
    console.log(
      JSON.stringify({ name, wall, cpu, runs: of.map(({ wallMs, cpuMs }) => ({ wallMs, cpuMs })) }),
    );
  else {
    const seconds = (medianInterval(of.map(({ cpuMs }) => cpuMs)).median / 1000).toFixed(2);
    console.log(`${name.padEnd(26)} wall ${ratioText(wall)}   CPU ${ratioText(cpu)}, ${seconds} s`);
  }
}

/** The small suites with a runner that shares one global scope and one Node module cache among all suites of a worker. */
function lightRunner() {
  const directory = join(root, 'light-runner');
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), '{}');
  const args = [
    'install',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    'jest-light-runner@0.8.2',
    'jest@30',
  ];
  execFileSync('npm', args, { cwd: directory, stdio: 'ignore' });
  const runner = join(directory, 'node_modules/jest-light-runner/src/index.js');
  const files = Object.fromEntries(
    ['src/sum.js', 'src/words.js', ...suites].map((path) => [path, read(path)]),
  );
  return project(root, 'light', files, { config: { runner } });
}

/** @param {string} path Within the small suites. */
function read(path) {
  return readFileSync(join(small.directory, path), 'utf8');
}
