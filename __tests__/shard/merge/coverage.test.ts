import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { CoverageReporter } from '@jest/reporters';
import type { AggregatedResult, Test, TestResult, V8CoverageResult } from '@jest/test-result';
import type { Config } from '@jest/types';
import { transformSync } from 'esbuild';
import fc from 'fast-check';
import { type CoveredRecord, mergeCoverage } from '../../../src/shard/merge/coverage.js';
import { RawCoverageCollector } from '../../../src/shard/merge/raw-coverage.js';
import { recordedRoot } from '../../../src/shard/project-root.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'merge-coverage-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const here = join(folder, 'here');
const plain = `exports.sign = function sign(x) {
  if (x > 0) return 1;
  else if (x < 0) return -1;
  return x === 0 ? 0 : NaN;
};
exports.unused = (a = 1) => a && a + 1;
`;
const typed = `export const size = (n: number): string => {
  switch (n) {
    case 0: return 'none';
    case 1: return 'one';
    default: return n > 9 ? 'many' : 'some';
  }
};
export class Box<T> { constructor(readonly value: T) {} get(): T | undefined { return this.value ?? undefined; } }
`;
write('here/src/plain.js', plain);
write('here/src/typed.ts', typed);
write('here/src/never.js', 'module.exports = (a) => { if (a) return 1; return 2; };\n');
const { code, map } = transformSync(typed, {
  loader: 'ts',
  format: 'cjs',
  sourcemap: 'external',
  sourcefile: 'typed.ts',
});
const mapPath = write('cache/typed.map', map);

const files = {
  'src/plain.js': { code: plain, originalCode: plain, sourceMapPath: null },
  'src/typed.ts': { code, originalCode: typed, sourceMapPath: mapPath },
};
type FileName = keyof typeof files;

/** What a suite does with the files that it loads. */
type Use = { readonly [Name in FileName]?: readonly number[] };

/** Counts of V8 for one suite, as Jest's runtime hands them over. */
function countedBy(use: Use): V8CoverageResult {
  return (Object.entries(use) as [FileName, readonly number[]][]).map(([name, calls]) => {
    const url = `file:///${name}?${Math.random()}`;
    const session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    const module = { exports: {} as Record<string, (n: number) => unknown> };
    runInThisContext(`(module, exports) => { ${files[name].code} }`.replace('{ ', '{'), { filename: url })(
      module,
      module.exports,
    );
    for (const n of calls) (module.exports['sign'] ?? module.exports['size'])?.(n);
    let functions: V8CoverageResult[number]['result']['functions'] = [];
    session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
      const start = '(module, exports) => {'.length;
      const end = start + files[name].code.length;
      functions = (result.find((script) => script.url === url)?.functions ?? []).map((each) => ({
        ...each,
        ranges: each.ranges.map((range) => ({
          count: range.count,
          startOffset: Math.min(Math.max(0, range.startOffset - start), end - start),
          endOffset: Math.min(Math.max(0, range.endOffset - start), end - start),
        })),
      }));
    });
    session.post('Profiler.stopPreciseCoverage');
    session.disconnect();
    const result = { url: join(here, name), scriptId: '0', functions };
    return { codeTransformResult: files[name], result };
  });
}

const globalConfig = {
  rootDir: here,
  coverageProvider: 'v8',
  coverageReporters: ['json', 'json-summary'],
  collectCoverageFrom: ['src/*'],
} as unknown as Config.GlobalConfig;

const never = { [join(here, 'src/never.js')]: istanbulOf(join(here, 'src/never.js'), [0, 0]) };

/** Istanbul's data of a file with statements in as many lines. */
function istanbulOf(path: string, counts: readonly number[]) {
  const at = (line: number) => ({ start: { line, column: 0 }, end: { line, column: 9 } });
  return {
    path,
    statementMap: Object.fromEntries(counts.map((_, line) => [line, at(line + 1)])),
    s: Object.fromEntries(counts.entries()),
    fnMap: {},
    f: {},
    branchMap: {},
    b: {},
  };
}

/** As Jest itself reports when one process has seen every suite. */
async function wholeRun(suites: readonly V8CoverageResult[], directory: string): Promise<void> {
  const reporter = new CoverageReporter({ ...globalConfig, coverageDirectory: directory }, {} as never);
  for (const v8Coverage of suites) reporter.onTestResult({} as Test, { v8Coverage } as TestResult);
  await reporter.onRunComplete(new Set(), {} as AggregatedResult);
}

interface Shard {
  readonly index: number;
  /** Its rootDir. */
  readonly there: string;
  readonly suites: readonly V8CoverageResult[];
  readonly converted: object;
  readonly keepsRaw?: boolean;
  readonly rooted?: boolean;
}

/** What a shard leaves behind, its paths below its own rootDir. */
function leftBehind(
  base: string,
  { index, there, suites, converted, keepsRaw = true, rooted = true }: Shard,
) {
  const startedAt = `2026-01-0${index}T00:00:00.000Z`;
  const separator = there.includes('\\') ? '\\' : '/';
  const moved = (path: string) => `${there}${path.slice(here.length).split('/').join(separator)}`;
  const directory = join(folder, base, String(index), 'coverage');
  const final = JSON.stringify(
    Object.fromEntries(
      Object.values(converted).map((file) => [moved(file.path), { ...file, path: moved(file.path) }]),
    ),
  );
  const convertedFile = write(join(base, String(index), 'coverage/coverage-final.json'), final);
  const collector = new RawCoverageCollector();
  for (const suite of suites) {
    collector.add(
      suite.map((each) => ({ ...each, result: { ...each.result, url: moved(each.result.url) } })),
    );
  }
  const record: CoveredRecord = {
    path: join(folder, base, String(index), 'run.jsonl'),
    startedAt,
    index,
    provider: 'v8',
    ...(rooted && { root: recordedRoot(there, startedAt) }),
  };
  return { convertedFile, record, raw: keepsRaw ? [collector.write(directory, startedAt, index)] : [] };
}

async function merged(base: string, shards: readonly Shard[]) {
  const left = shards.map((shard) => leftBehind(base, shard));
  const directory = join(folder, base, 'merged');
  const result = await mergeCoverage(
    {
      converted: left.map(({ convertedFile }) => convertedFile),
      raw: left.flatMap(({ raw }) => raw),
      records: left.map(({ record }) => record),
    },
    globalConfig,
    directory,
  );
  return { ...result, coverage: coverageIn(directory), summary: summaryIn(directory) };
}

function coverageIn(directory: string) {
  return JSON.parse(readFileSync(join(directory, 'coverage-final.json'), 'utf8'));
}

function summaryIn(directory: string) {
  return JSON.parse(readFileSync(join(directory, 'coverage-summary.json'), 'utf8'));
}

const aSuite = fc.record(
  {
    'src/plain.js': fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 3 }),
    'src/typed.ts': fc.array(fc.integer({ min: 0, max: 11 }), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

describe('V8', () => {
  test('shards of any division, in folders of any system, add up to the whole run', async () => {
    let runs = 0;
    const roots = ['/builds/17/app', 'C:\\ci\\app', here, '/app'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(aSuite, fc.nat(3)), { minLength: 1, maxLength: 6 }),
        async (suites) => {
          const base = `v8-${++runs}`;
          const counted = suites.map(([use, shard]) => ({ shard, coverage: countedBy(use) }));
          const shards = roots.map((there, at) => ({
            index: at + 1,
            there,
            suites: counted.flatMap(({ shard, coverage }) => (shard === at ? [coverage] : [])),
            converted: never,
          }));
          const { coverage, notes } = await merged(base, shards);
          await wholeRun(
            structuredClone(counted.map(({ coverage: each }) => each)),
            join(folder, base, 'whole'),
          );
          expect(notes).toEqual([]);
          expect(coverage).toEqual({ ...coverageIn(join(folder, base, 'whole')), ...never });
        },
      ),
      { numRuns: 6 },
    );
  });

  const a = () => countedBy({ 'src/plain.js': [2, -2] });
  const b = () => countedBy({ 'src/plain.js': [0] });

  test('a shard without raw counts is added up as it was converted, and that is said', async () => {
    await wholeRun([b()], join(folder, 'second'));
    const { notes, coverage } = await merged('without-raw', [
      { index: 1, there: '/one', suites: [a()], converted: never },
      {
        index: 2,
        there: '/two',
        suites: [],
        converted: { ...never, ...coverageIn(join(folder, 'second')) },
        keepsRaw: false,
      },
    ]);
    expect(notes).toEqual([
      expect.stringMatching(/^branches of V8 coverage are not exact: shard 2 left no raw/),
    ]);
    expect(Object.keys(coverage).sort()).toEqual([join(here, 'src/never.js'), join(here, 'src/plain.js')]);
    // Lines 2 to 4: shard 1 reached the first two, shard 2 the last.
    const { s } = coverage[join(here, 'src/plain.js')];
    expect([s[1], s[2], s[3]].every((count) => count > 0)).toBe(true);
  });

  test('texts that differ from the file here are converted by what the shard ran', async () => {
    const other = plain.replaceAll('\n', '\r\n');
    files['src/plain.js'].code = other;
    files['src/plain.js'].originalCode = other;
    const suite = structuredClone(countedBy({ 'src/plain.js': [2] }));
    files['src/plain.js'].code = plain;
    files['src/plain.js'].originalCode = plain;
    const { notes, coverage, summary } = await merged('line-endings', [
      { index: 1, there: 'D:\\app', suites: [suite], converted: never },
      { index: 2, there: '/two', suites: [b()], converted: never },
    ]);
    expect(notes).toEqual([expect.stringMatching(/plain\.js.*different texts/)]);
    expect(Object.keys(coverage)).toContain(join(here, 'src/plain.js'));
    expect(summary[join(here, 'src/plain.js')].lines).toMatchObject({ total: 6 });
  });
});

describe('converted coverage', () => {
  test('of shards of any division adds up to the whole run', async () => {
    let runs = 0;
    const counts = fc.array(fc.nat(3), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(counts, fc.nat(1)), { minLength: 1 }), async (suites) => {
        const path = join(here, 'src/plain.js');
        const sum = (of: typeof suites) =>
          [0, 1, 2, 3].map((line) => of.reduce((total, [each]) => total + (each[line] ?? 0), 0));
        const shards = ['/x/app', 'E:\\app'].map((there, at) => ({
          index: at + 1,
          there,
          suites: [],
          converted: { [path]: istanbulOf(path, sum(suites.filter(([, shard]) => shard === at))) },
          keepsRaw: false,
        }));
        const { coverage } = await merged(`babel-${++runs}`, shards);
        expect(coverage).toEqual({ [path]: istanbulOf(path, sum(suites)) });
      }),
      { numRuns: 25 },
    );
  });

  test('a file that merely ends alike keeps its path', async () => {
    const stranger = '/generated/src/plain.js';
    const own = join(here, 'src/plain.js');
    const shard = { index: 1, there: '/build/app', suites: [], keepsRaw: false };
    const { record, convertedFile } = leftBehind('alike', {
      ...shard,
      converted: { [own]: istanbulOf(own, [1]) },
    });
    const coverage = JSON.parse(readFileSync(convertedFile, 'utf8'));
    writeFileSync(convertedFile, JSON.stringify({ ...coverage, [stranger]: istanbulOf(stranger, [2]) }));
    const directory = join(folder, 'alike/merged');
    await mergeCoverage({ converted: [convertedFile], raw: [], records: [record] }, globalConfig, directory);
    expect(Object.keys(coverageIn(directory)).sort()).toEqual([own, stranger].sort());
  });

  test('without a record that says where the project was, paths stay and a note says so', async () => {
    const own = join(here, 'src/plain.js');
    const { coverage, notes } = await merged('unrooted', [
      {
        index: 1,
        there: '/elsewhere',
        suites: [],
        converted: { [own]: istanbulOf(own, [1]) },
        keepsRaw: false,
        rooted: false,
      },
    ]);
    expect(Object.keys(coverage)).toEqual(['/elsewhere/src/plain.js']);
    expect(notes.join()).toContain('stay as they are');
  });
});
