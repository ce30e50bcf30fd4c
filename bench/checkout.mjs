/**
 * A checkout of a real project: stock, ours, and ours with `fast: false`. Its own Jest and our packed tarball are
 * installed in it (`npm install --no-save jest-runner-hardware-….tgz`). Every test's status and failure text is compared.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { inTurns } from './measure.mjs';
import { flags, heading, reportComparison } from './report.mjs';

/** @typedef {import('./measure.mjs').Command} Command */

const directory = resolve(flags.directory ?? '.');
const config = resolve(directory, flags.config);
const sides = { stock: undefined, ours: {}, unfast: { fast: false } };
heading(`Real project ${directory}`);
const temporary = mkdtempSync(join(realpathSync(tmpdir()), 'jest-runner-hardware-checkout-'));
// Beside the project's own, since paths in a config are relative to it.
const configs = Object.fromEntries(
  Object.keys(sides).map((side) => [side, join(dirname(config), `bench-${process.pid}.${side}.config.cjs`)]),
);
try {
  for (const [side, options] of Object.entries(sides))
    writeFileSync(configs[side] ?? '', configText(side, options));
  const { runs, referenceMs } = inTurns({
    pairs: flags.pairs,
    sides: { stock: command('stock'), ours: command('ours'), unfast: command('unfast') },
    mayFail: true,
  });
  const { stock } = runs;
  reportComparison('whole run, -w 2', { stock, ours: runs.ours, referenceMs }, { cpu: 0.8 });
  reportComparison('whole run, -w 2, fast: false', { stock, ours: runs.unfast, referenceMs });
  for (const side of /** @type {const} */ (['ours', 'unfast'])) {
    const differing = runs[side].map((run, pair) => differencesOf(stock[pair]?.notes, run.notes));
    console.log(
      `${side}: ${Object.keys(Object(stock[0]?.notes)).length} results, differing in each pair: ${differing.map(({ length }) => length).join(' ')}`,
    );
    for (const name of new Set(differing.flat())) console.log(`  ${name}`);
  }
} finally {
  rmSync(temporary, { recursive: true });
  for (const path of Object.values(configs)) rmSync(path, { force: true });
}

/** @param {string} side @param {object | undefined} options Undefined: stock Jest. */
function configText(side, options) {
  const cache = JSON.stringify(join(temporary, `cache-${side}`));
  const ours = JSON.stringify({ ...options, outputDirectory: join(temporary, `records-${side}`) });
  return `const loaded = require(${JSON.stringify(config)});
const given = loaded.default ?? loaded;
const cached = (project) => (typeof project === 'string' ? project : { ...project, cacheDirectory: ${cache} });
const config = { ...cached(given), ...(given.projects && { projects: given.projects.map(cached) }) };
module.exports = ${options === undefined ? 'config' : `require('jest-runner-hardware').withHardware(config, ${ours})`};
`;
}

/** @param {string} side @returns {Command} */
function command(side) {
  const results = join(temporary, `results-${side}.json`);
  return {
    cwd: directory,
    argv: [
      process.execPath,
      'node_modules/jest/bin/jest.js',
      ...['--config', configs[side] ?? '', '-w', '2', '--json', '--outputFile', results],
    ],
    env: { NODE_ENV: 'test' },
    before: () => rmSync(results, { force: true }),
    after: () => resultsOf(JSON.parse(readFileSync(results, 'utf8'))),
  };
}

/** @param {{ testResults: { name: string, status: string, message: string, assertionResults: { fullName: string, status: string, failureMessages: string[] }[] }[] }} json What `--json` writes. */
function resultsOf({ testResults }) {
  /** @type {Record<string, string>} */
  const results = {};
  for (const { name, status, message, assertionResults } of testResults) {
    results[name] = assertionResults.length === 0 ? `${status} ${message}` : status;
    assertionResults.forEach(({ fullName, status, failureMessages }, index) => {
      results[`${name} › ${fullName} #${index}`] = [status, ...failureMessages.map(withoutRunner)].join('\n');
    });
  }
  return results;
}

/** Frames of jest-runner are those of another of its files in a worker of ours. @param {string} text */
function withoutRunner(text) {
  return text.replace(/\n\s+at [^\n]*jest-runner[^\n]*/g, '');
}

/** @param {unknown} stock @param {unknown} ours @returns {string[]} */
function differencesOf(stock, ours) {
  const [a, b] = [
    /** @type {Record<string, string>} */ (stock),
    /** @type {Record<string, string>} */ (ours),
  ];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
}
