import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { run as runCommand } from './run.js';

const run = (...argv: string[]) => runCommand(['report', ...argv]);

test('a record as text and as JSON', async () => {
  const text = await run('--record', 'fixtures/records/mixed.jsonl');
  expect(text.code).toBe(0);
  expect(text.out).toContain('cannot run    test/vision/large.test.ts: needs 24 GiB on the device');
  const json = await run('--record', 'fixtures/records/mixed.jsonl', '--format', 'json');
  expect(JSON.parse(json.out)).toMatchObject({ version: 1, state: 'complete' });
});

test('JUnit: a flaky suite is neither passed nor failed', async () => {
  const { out } = await run('--record', 'fixtures/records/mixed.jsonl', '--format', 'junit');
  expect(out).toContain(
    '<testsuite name="jest-runner-hardware" tests="9" failures="0" errors="3" skipped="2"',
  );
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

test('the newest record of a folder', async () => {
  const folder = temporaryDirectory();
  cpSync('fixtures/records/cpu-only.jsonl', join(folder, 'run-2026-03-02T09-00-00.000Z.jsonl'));
  cpSync('fixtures/records/cancelled.jsonl', join(folder, 'run-2026-03-03T09-00-00.000Z.jsonl'));
  cpSync('fixtures/records/cpu-only.jsonl', join(folder, 'zz-other.jsonl'));
  expect((await run('--record', folder)).out).toContain('cancelled by bail');
});

test.each([
  [['--format', 'pdf'], 'unknown report format `pdf`'],
  [['--record', 'fixtures/hosts'], 'the folder holds no record'],
  [['--record', 'fixtures/records/none.jsonl'], 'fixtures/records/none.jsonl'],
  [['--record', 'fixtures/machines/README.md'], 'fixtures/machines'],
])('%j: says what is wrong', async (argv, message) => {
  const { code, err } = await run(...argv);
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
});
