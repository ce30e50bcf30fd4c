import { execFileSync } from 'node:child_process';
import { readRecord } from '../../../src/record/read.js';
import { agentFormat } from '../../../src/report/formats/agent.js';
import { type ReportedRun, reportedRun } from '../../../src/report/formats/format.js';
import { shellWord } from '../../../src/report/formats/repeat-command.js';
import { hostile, hostileRun } from './hostile-run.js';

const render = (run: ReportedRun) =>
  agentFormat.render(run, { color: false, width: 80, recordPath: '.jest-hardware/run-1.jsonl' });
const eventsOf = (name: string) => readRecord(`fixtures/records/${name}.jsonl`).events;

test('failures first, each with why and the command that repeats it', () => {
  const text = render(reportedRun(eventsOf('mixed')));
  expect(text).toMatch(/^# Failed \(tests failed, input, hardware absent\): 3 of 9 suites; exit code 1\n/);
  expect(text).toContain(
    [
      '2. `test/nlp/slow.test.ts`: timed out on `local/cpu (AMD EPYC 7B13)`',
      '   - why: `stopped after @max-time 3s`',
      '   - repeat: `JEST_HARDWARE_ONLY=cpu npx jest --runTestsByPath test/nlp/slow.test.ts`',
    ].join('\n'),
  );
  expect(text).toContain('`npx jest-runner-hardware explain test/vision/large.test.ts`');
  expect(text.indexOf('## Failures')).toBeLessThan(text.indexOf('## Also'));
  expect(text).toContain('`npx jest-runner-hardware report --format json .jest-hardware/run-1.jsonl`');
});

test('the command binds to the device, selects the project, and says where to run', () => {
  const suiteId = 'ml › test/train gpu.test.ts';
  const events = JSON.parse(
    JSON.stringify(eventsOf('mixed')).replaceAll('test/vision/train.test.ts', suiteId),
  ).map((event: Record<string, unknown> & { slot?: { device: { id: string } } }) => {
    if (event['type'] === 'run-started') {
      return { ...event, commit: 'abc1234', root: { checkoutHash: 'h', rootDir: 'packages/ml' } };
    }
    if (event.slot?.device.id === 'gpu0') {
      const device = { ...event.slot.device, bindingEnv: { CUDA_VISIBLE_DEVICES: 'GPU-5a1f' } };
      return { ...event, slot: { ...event.slot, device } };
    }
    return event['suiteId'] === suiteId && event['type'] === 'suite-ended'
      ? { ...event, status: 'failed' }
      : event;
  });
  const text = render(reportedRun(events));
  expect(text).toContain('commit `abc1234`; commands run in `packages/ml` of the checkout');
  expect(text).toContain(
    "`JEST_HARDWARE_ONLY=gpu CUDA_VISIBLE_DEVICES=GPU-5a1f npx jest --selectProjects ml --runTestsByPath 'test/train gpu.test.ts'`",
  );
});

test('a suite that failed on other hardware than it asks for is not left out by its command', () => {
  const events = eventsOf('mixed').map((event) =>
    event.type === 'suite-ended' && event.suiteId === 'test/edge/wake-word.test.ts'
      ? { ...event, status: 'failed' as const }
      : event,
  );
  expect(render(reportedRun(events))).toContain('`npx jest --runTestsByPath test/edge/wake-word.test.ts`');
});

test('a failed suite says which test failed first, why and where', () => {
  expect(render(reportedRun(eventsOf('cpu-only')))).toContain(
    '   - why: `tax › rounds half up`: `expect(received).toBe(expected) // Object.is equality Expected: 1.24 Received: 1.23` at `src/tax.test.ts:14`',
  );
});

test('at most 60 lines, whatever happened', () => {
  const [started, ...others] = eventsOf('mixed');
  const machine = others.find((event) => event.type === 'machine-known');
  const failed = Array.from({ length: 500 }, (_, index) => ({
    atMs: 2,
    type: 'suite-invalid' as const,
    suiteId: `test/${index}.test.ts`,
    problems: [`mistake ${index}`],
  }));
  const machines = Array.from({ length: 50 }, (_, index) => {
    const copy = JSON.parse(JSON.stringify(machine));
    copy.machine.machine.name = `machine-${index}`;
    return copy;
  });
  const text = render(reportedRun([started as never, ...machines, ...others, ...failed]));
  expect(text.split('\n').length).toBeLessThanOrEqual(60);
  expect(text).toContain('more machines');
  expect(text).toMatch(/\+ 495 more: /);
});

test('nothing failed', () => {
  const events = eventsOf('cpu-only').map((event) =>
    event.type === 'suite-ended' ? { ...event, status: 'passed' as const } : event,
  );
  const text = render(reportedRun(events));
  expect(text).toMatch(/^# Passed: 3 suites\n/);
  expect(text).not.toContain('## Failures');
});

test('names and output by an attacker stay within code', () => {
  const text = render(hostileRun());
  const outside = text.replace(/(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
  expect(outside).not.toMatch(/[<>@|]/);
  expect(text.split('\n').every((line) => line.length < 2000)).toBe(true);
});

test.each([
  'plain/a.test.ts',
  "it's $HOME `id` \\ !x",
  'a::b ##[error] \u202e\u001b[31m\n👩‍🔬',
  hostile.replace('\u0000', '').replace('\ud800', ''),
])('a shell reads the word as it is: %j', (text) => {
  const printed = execFileSync('bash', ['-c', `printf %s ${shellWord(text)}`], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  expect(printed).toBe(text);
});
