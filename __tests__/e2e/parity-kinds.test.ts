import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from './harness/jest.js';
import { expectParity, type ParityOptions } from './harness/parity.js';
import { removeProjects } from './harness/project.js';

afterAll(removeProjects);

const kinds: readonly (readonly [string, string, readonly string[], Json])[] = [
  ['TypeScript with ts-jest', 'typescript', ['-w', '2'], { numFailedTestSuites: 2, numPassedTests: 3 }],
  ['native ES modules', 'esm', ['-w', '2'], { numFailedTestSuites: 2, numPassedTests: 5 }],
  ['native ES modules in band', 'esm', ['-i'], { numFailedTestSuites: 2, numPassedTests: 5 }],
  ['jsdom', 'jsdom', ['-w', '2'], { numFailedTests: 1, numPassedTests: 4 }],
  ['several projects', 'projects', ['-w', '2'], { numTotalTestSuites: 7, numFailedTests: 1 }],
  ['a selected project', 'projects', ['-w', '2', '--selectProjects', 'browser'], { numTotalTestSuites: 2 }],
  ['setup, resolver, transform, haste', 'around', ['-w', '2'], { numPassedTests: 5 }],
  ['setup, resolver, transform, haste in band', 'around', ['-i'], { numPassedTests: 5 }],
];

test.each(kinds)('%s', async (_, fixture, args, expected) => {
  const { stock } = await expectParity(fixture, args);
  expect(stock.results).toMatchObject(expected);
});

test('global setup and teardown run once in the parent', async () => {
  const { stock, hardware } = await expectParity('around', ['-w', '2']);
  for (const { stderr } of [stock, hardware]) {
    expect(stderr.match(/global teardown ran, sees true/g)).toHaveLength(1);
  }
});

describe('coverage', () => {
  test.each(['babel', 'v8'])('by %s: map, thresholds and report files', async (provider) => {
    const { stock, hardware } = await expectParity('coverage', ['-w', '2', `--coverageProvider=${provider}`]);
    expect(stock.exitCode).toBe(1);
    expect(stock.stderr).toContain('does not meet');
    expect(Object.keys(stock.json.coverageMap)).toHaveLength(4);
    expect(tableOf(hardware.stdout)).toEqual(tableOf(stock.stdout));
    expect(summaryOf(hardware.project.directory)).toEqual(summaryOf(stock.project.directory));
  });

  test('of the files that changed since a commit', async () => {
    const { stock } = await expectParity('coverage', ['-w', '2', '-o'], {
      prepare: (directory) => {
        const git = (...args: string[]) =>
          execFileSync('git', ['-c', 'user.name=e2e', '-c', 'user.email=e2e@localhost', ...args], {
            cwd: directory,
          });
        git('init', '--quiet');
        git('add', '.');
        git('commit', '--quiet', '-m', 'before');
        const source = join(directory, 'src/shared.js');
        writeFileSync(source, `${readFileSync(source, 'utf8')}\n// changed\n`);
      },
    });
    expect(Object.keys(stock.json.coverageMap).map((path) => path.replace(/.*\//, ''))).toEqual([
      'shared.js',
    ]);
  });

  function tableOf(stdout: string): string {
    return stdout.slice(stdout.indexOf('----'));
  }

  function summaryOf(directory: string): string {
    return readFileSync(join(directory, 'coverage/coverage-summary.json'), 'utf8').replaceAll(directory, '');
  }
});

describe('snapshots', () => {
  const modes: readonly (readonly [string, readonly string[], ParityOptions])[] = [
    ['are written when new', ['-w', '2'], {}],
    ['are not written with --ci', ['-w', '2', '--ci'], {}],
    ['are updated and removed with -u', ['-w', '2', '-u'], {}],
    ['in band', ['-i'], {}],
    ['written in one run match in the next', ['-w', '2', '--ci'], { before: [['-w', '2', '-u']] }],
  ];
  test.each(modes)('%s', async (_, args, options) => {
    const { stock, hardware } = await expectParity('snapshots', args, options);
    expect(filesOf(hardware.project.directory)).toEqual(filesOf(stock.project.directory));
  });

  function filesOf(directory: string): Readonly<Record<string, string>> {
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
    const kept = names.filter((name) => /\.(snap|test\.js)$/.test(name));
    return Object.fromEntries(kept.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
  }
});
