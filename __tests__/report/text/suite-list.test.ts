import { readRecord } from '../../../src/record/read.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { suiteList } from '../../../src/report/text/suite-list.js';

const run = (name: string) => reportedRun(readRecord(`fixtures/records/${name}.jsonl`).events);

test('what failed, then the slowest, then what never ran', () => {
  expect(suiteList(run('mixed'), 140).split('\n')).toEqual([
    'suite                        device    time  why',
    'test/nlp/slow.test.ts        cpu        3 s  timed out: stopped after @max-time 3s',
    'test/typo.test.ts                            wrong docblock: test/typo.test.ts:2: Unknown pragma @hardwear; did you mean @hardware?',
    'test/vision/large.test.ts                    cannot run: needs 24 GiB on the device: gpu0 (NVIDIA GeForce RTX 4070) has 12 GiB; would run o…',
    'test/vision/train.test.ts    gpu0     4.5 s  asked for gpu; expected 5 s (never measured)',
    'test/nlp/embeddings.test.ts  cpu      3.5 s  flaky: killed by SIGKILL at 14.8 GiB of 16 GiB: out of memory, on local/cpu',
    'test/edge/wake-word.test.ts  cpu        1 s  degraded; asked for npu; expected 1 s (never measured)',
    'test/unit.test.ts            cpu     600 ms  asked for cpu; expected 1 s (never measured)',
    'test/browser.test.ts                         not selected: JEST_HARDWARE_ONLY=cpu,gpu',
    'test/edge/int8.test.ts                       skipped for want of a device: needs npu: this machine has cpu, gpu',
  ]);
});

test('waits for others have a column where there were any', () => {
  expect(suiteList(run('gpu-box'), 80)).toMatch(
    /^suite .* time {2}waited {2}why\n[\s\S]*test\/render\.test\.js {2,}cpu .* 26 ms/,
  );
});

test.each([60, 80])('one line a suite that fits %d columns: names keep their end', (width) => {
  const lines = suiteList(run('mixed'), width).split('\n');
  expect(lines).toHaveLength(10);
  expect(lines.filter((line) => line.length > width)).toEqual([]);
  expect(lines.join('\n')).toContain('slow.test.ts');
});
