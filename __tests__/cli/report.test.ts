import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { run as runCommand } from './run.js';

const run = (...argv: string[]) => runCommand(['report', ...argv]);

test('a record as text and as JSON', async () => {
  const text = await run('fixtures/records/mixed.jsonl');
  expect(text.code).toBe(0);
  expect(text.out).toContain('cannot run    test/vision/large.test.ts: needs 24 GiB on the device');
  const json = await run('fixtures/records/mixed.jsonl', '--format', 'json');
  expect(JSON.parse(json.out)).toMatchObject({ version: 1, state: 'complete' });
});

test.each([
  ['gpu-box', 0],
  ['cpu-only', 1],
  ['mixed', 1],
  ['cancelled', 1],
])('--exit-code says what failed the run: %s, %d', async (name, code) => {
  const path = `fixtures/records/${name}.jsonl`;
  expect(await run(path, '--exit-code')).toMatchObject({ code });
  expect(await run(path, '--format', 'agent', '--exit-code')).toMatchObject({ code });
  expect(await run(path)).toMatchObject({ code: 0 });
});

test('JUnit: a flaky suite is neither passed nor failed', async () => {
  const { out } = await run('fixtures/records/mixed.jsonl', '--format', 'junit');
  expect(out).toContain('<testsuites name="jest-runner-hardware" tests="9" failures="0" errors="3"');
  expect(out).toContain(
    'name="test/nlp/embeddings.test.ts" file="test/nlp/embeddings.test.ts" time="3.5">\n',
  );
  expect(out).toContain(
    '<flakyError message="killed by SIGKILL at 14.8 GiB of 16 GiB: out of memory, on local/cpu" type="flaky"/>',
  );
  expect(out).toContain(
    '<skipped message="needs npu: this machine has cpu, gpu" type="unplaceable-skipped"/>',
  );
});

test('merge: a flaky suite stands beside what other reporters wrote, and fails the run where failOn says so', async () => {
  const folder = temporaryDirectory();
  const lines = readFileSync('fixtures/records/mixed.jsonl', 'utf8').split('\n');
  // The suites that fail for another reason are left out.
  const shard = lines.filter((line) => !/slow\.test|typo\.test|large\.test|only/.test(line));
  const started = { ...JSON.parse(lines[0] ?? ''), index: 1, total: 1, requireExecuted: [] };
  const planned = {
    atMs: 0,
    type: 'shard-planned',
    planId: 'p',
    inputs: {},
    index: 1,
    total: 1,
    elsewhere: [],
  };
  const shares = { predictedMs: [1], boundMs: 1 };
  const write = (failOn: readonly string[]) => {
    const { only: _all, ...whole } = started;
    const events = [
      { ...whole, failOn },
      { ...planned, ...shares },
    ];
    const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
    writeFileSync(
      join(folder, 'run-1.jsonl'),
      `${text}${shard.filter((line) => !line.includes('run-started')).join('\n')}`,
    );
  };
  writeFileSync(join(folder, 'junit.xml'), '<testsuites><testsuite name="a" tests="3"/></testsuites>');
  write([]);
  expect(await runCommand(['merge', folder])).toMatchObject({ code: 0, err: '' });
  expect(readFileSync(join(folder, 'merged-junit.xml'), 'utf8')).toMatch(
    /tests="3"[\s\S]*<property name="flaky" value="test\/nlp\/embeddings.test.ts: killed by SIGKILL at/,
  );
  // What the option `reports` wrote beside the record is not counted a second time.
  const { out: ofShard } = await run(join(folder, 'run-1.jsonl'), '--format', 'junit');
  writeFileSync(join(folder, 'own.xml'), ofShard);
  expect((await runCommand(['merge', folder, '--reports', 'json,junit'])).out).toContain(
    'merged-report.json',
  );
  const merged = readFileSync(join(folder, 'merged-junit.xml'), 'utf8');
  expect(merged).toContain('<testsuite name="a" tests="3"/>');
  expect(merged.match(/<testcase [^>]*name="test\/nlp\/embeddings.test.ts"/g)).toHaveLength(1);
  write(['flaky']);
  expect((await runCommand(['merge', folder])).code).toBe(1);
});

test('the newest record of a folder', async () => {
  const folder = temporaryDirectory();
  cpSync('fixtures/records/cpu-only.jsonl', join(folder, 'run-2026-03-02T09-00-00.000Z.jsonl'));
  cpSync('fixtures/records/cancelled.jsonl', join(folder, 'run-2026-03-03T09-00-00.000Z.jsonl'));
  cpSync('fixtures/records/cpu-only.jsonl', join(folder, 'zz-other.jsonl'));
  expect((await run(folder)).out).toContain('cancelled by bail');
});

test('--last-full: the newest whole run of a folder, or what it holds instead', async () => {
  const folder = temporaryDirectory();
  const whole = readFileSync('fixtures/records/cpu-only.jsonl', 'utf8');
  const put = (day: number, text: string) =>
    writeFileSync(join(folder, `run-2026-03-0${day}T09-00-00.000Z.jsonl`), text);
  put(3, whole.replace('"filtered":false', '"filtered":true'));
  put(4, readFileSync('fixtures/records/cancelled.jsonl', 'utf8'));
  const none = await run('--last-full', folder);
  expect(none).toMatchObject({ code: 2, out: '' });
  expect(none.err).toMatch(/found: +2 records of other runs/);
  put(2, whole);
  put(1, whole.replaceAll('tax.test.ts', 'old.test.ts'));
  const { out } = await run('--last-full', folder, '--format', 'csv');
  expect(out).toContain('tax.test.ts');
  expect((await run('--last-full', folder, folder)).err).toContain('looks into one folder');
});

test('a packed record, and the newest one of a folder too', async () => {
  const folder = temporaryDirectory();
  const packed = gzipSync(readFileSync('fixtures/records/cancelled.jsonl'));
  writeFileSync(join(folder, 'run-2026-03-03T09-00-00.000Z.jsonl.gz'), packed);
  expect((await run(folder)).out).toContain('cancelled by bail');
});

test('of a damaged record, what is whole is shown; what is not is named, and the exit code says so', async () => {
  const path = join(temporaryDirectory(), 'run.jsonl');
  const lines = readFileSync('fixtures/records/cpu-only.jsonl', 'utf8').split('\n');
  writeFileSync(
    path,
    lines.map((line) => (line.includes('run-opened') ? line.slice(0, 20) : line)).join('\n'),
  );
  const whole = await run('fixtures/records/cpu-only.jsonl');
  for (const flags of [[], ['--exit-code']]) {
    const { code, out, err } = await run(path, ...flags);
    expect({ code, out }).toEqual({ code: 2, out: whole.out });
    expect(err).toMatch(/run\.jsonl:\d+: The line is not JSON\.[\s\S]*\nThe report shows what is whole\.\n$/);
  }
});

test('merge names every damaged record, and merges nothing', async () => {
  const folder = temporaryDirectory();
  const text = readFileSync('fixtures/records/cpu-only.jsonl', 'utf8').replace('{', '{"index":1,"total":2,');
  writeFileSync(join(folder, 'run-1.jsonl'), `${text}x\n`);
  writeFileSync(join(folder, 'run-2.jsonl'), `${text.replace('"index":1', '"index":2')}\0\n`);
  const { code, err } = await runCommand(['merge', folder]);
  expect(code).toBe(2);
  expect(err).toMatch(/run-1\.jsonl:\d+: The line is not JSON[\s\S]*run-2\.jsonl:\d+: The line is not JSON/);
  expect(readdirSync(folder).sort()).toEqual(['run-1.jsonl', 'run-2.jsonl']);
});

test('several formats go into a folder', async () => {
  const folder = join(temporaryDirectory(), 'reports');
  const { code, out } = await run(
    'fixtures/records/mixed.jsonl',
    '--format',
    'json, junit',
    '--output',
    folder,
  );
  expect({ code, out }).toEqual({
    code: 0,
    out: `wrote ${join(folder, 'report.json')}, ${join(folder, 'junit.xml')}\n`,
  });
  expect(readdirSync(folder).sort()).toEqual(['junit.xml', 'report.json']);
  const { out: junit } = await run('fixtures/records/mixed.jsonl', '--format', 'junit');
  expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toBe(junit);
});

test.each([
  [['--format', 'json,junit'], 'several formats cannot all be written to standard output'],
  [['--format', 'junit', '--open'], '`--open` needs a file'],
  [['fixtures/records/mixed.jsonl', 'fixtures/records/cpu-only.jsonl'], 'the record is not of a shard'],
  [['--format', 'pdf'], 'there is no format `pdf`'],
  [['fixtures/records/mixed.jsonl', '--otel'], 'no OpenTelemetry collector is named'],
  [['fixtures/hosts'], 'the folder holds no record'],
  [['fixtures/records/none.jsonl'], 'fixtures/records/none.jsonl'],
  [['fixtures/machines/README.md'], 'fixtures/machines'],
])('%j: says what is wrong', async (argv, message) => {
  const { code, err } = await run(...argv);
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
});
