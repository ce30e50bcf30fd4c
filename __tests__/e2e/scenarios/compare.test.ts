import { differences, missed } from './compare.js';
import type { Observation, Scenario } from './scenario.js';
import { scenarioTable } from './table/index.js';

const scenario: Scenario = { name: 'any', steps: [{ args: ['-i'] }] };

const seen: Observation = {
  exitCode: 1,
  signal: null,
  json: { success: false, suites: [{ file: 'a.test.js', tests: [{ title: 'a', status: 'passed' }] }] },
  results: null,
  events: { 'a.test.js': { events: ['file-result', 'file-start'], disorder: [] } },
  stdout: [],
  stderr: ['PASS a.test.js', 'PASS a.test.js'],
  files: { 'a.snap': 'text' },
  workers: { processes: 2, ids: ['1', '2'] },
  leftOver: [],
};

const changes: readonly (readonly [string, Partial<Observation>, string])[] = [
  ['an exit code', { exitCode: 0 }, '.exitCode: 1 <> 0'],
  ['a signal', { signal: 'SIGINT' }, '.signal: null <> "SIGINT"'],
  [
    'a test that ended otherwise',
    { json: { success: false, suites: [{ file: 'a.test.js', tests: [{ title: 'a', status: 'failed' }] }] } },
    '.json.suites.0.tests.0.status: "passed" <> "failed"',
  ],
  [
    'a suite that is lost',
    { json: { success: false, suites: [] } },
    '.json.suites.0: {"file":"a.test.js","tests":[{"title":"a","status":"passed"}]} <> nothing',
  ],
  ['no results at all', { json: null }, `.json: ${JSON.stringify(seen['json'])} <> null`],
  [
    'an event that reporters miss',
    { events: { 'a.test.js': { events: ['file-start'], disorder: [] } } },
    '.events.a.test.js.events: "file-result" <> nothing',
  ],
  [
    'a line said once instead of twice',
    { stderr: ['PASS a.test.js'] },
    '.stderr: "PASS a.test.js" <> nothing',
  ],
  ['a line more', { stdout: ['more'] }, '.stdout.0: nothing <> "more"'],
  ['the text of a file', { files: { 'a.snap': 'other' } }, '.files.a.snap: "text" <> "other"'],
  ['a file that is missing', { files: {} }, '.files.a.snap: "text" <> nothing'],
  ['a worker too many', { workers: { processes: 3, ids: ['1', '2'] } }, '.workers.processes: 2 <> 3'],
  [
    'another order',
    { workers: { processes: 2, ids: ['2', '1'] } },
    '.workers.ids: order ["1","2"] <> ["2","1"]',
  ],
];

test.each(changes)('%s is a difference', (_, change, line) => {
  expect(differences(scenario, [seen], [{ ...seen, ...change }])).toEqual([`1 jest -i | ${line}`]);
});

test('equal sides have none, and a step that did not run is one', () => {
  expect(differences(scenario, [seen], [JSON.parse(JSON.stringify(seen))])).toEqual([]);
  expect(differences(scenario, [seen], [])).toHaveLength(1);
});

test('what is meant to differ is left out by its path, and nothing else', () => {
  const meant = {
    ...scenario,
    intended: { why: 'said', paths: ['stderr', String.raw`json\.suites\.\d+\.tests`] },
  };
  const other = {
    ...seen,
    stderr: ['else'],
    json: { success: false, suites: [{ file: 'a.test.js', tests: [] }] },
  };
  expect(differences(meant, [seen], [other])).toEqual([]);
  expect(differences(meant, [seen], [{ ...other, exitCode: 0 }])).toEqual(['1 jest -i | .exitCode: 1 <> 0']);
});

test('a row that does not reach what it is about is told', () => {
  const reaches = {
    exitCode: 0,
    results: { success: true },
    stderr: 'FAIL',
    files: ['b.snap'],
    workers: { processes: 1 },
  };
  expect(missed({ ...scenario, steps: [{ args: [], reaches }] }, [seen])).toEqual([
    'step 1: exit code 1',
    'step 1: success is false',
    'step 1: stderr: no FAIL',
    'step 1: no file b.snap',
    'step 1: processes of workers is 2',
  ]);
});

// Names are folders of the projects, too.
test('every row has a name of its own, and is nothing but data', () => {
  const rows: readonly Scenario[] = Object.values(scenarioTable).flat();
  const folders = rows.map(({ name }) => name.replaceAll(/[^\w-]+/g, '-'));
  expect(new Set(folders).size).toBe(rows.length);
  expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
});
