/** What a worker makes of its true answers, by the name of the lie. */
const { createHash } = require('node:crypto');
const { dirname, join } = require('node:path');

module.exports = {
  'a thousand GPUs': (method, answer) => {
    if (method !== 'detect') return answer;
    const gpu = answer.devices.find((device) => device.class === 'gpu');
    const more = Array.from({ length: 1000 }, (_, index) => ({ ...gpu, id: `gpu${index + 1}` }));
    return { ...answer, devices: [...answer.devices, ...more] };
  },
  'output of no stream': (method, answer, { notice }) => {
    if (method === 'start') notice('output', { stream: 'exit', text: 'x' });
    return answer;
  },
  suites: (method, answer, tools) => {
    if (method !== 'run' || !answer.started) return answer;
    const { id } = tools.params.task.suite;
    return bySuite[id]?.(answer, tools) ?? answer;
  },
};

/** What was in the file that a link leads to, where the run was started. */
const kept = 'kept\n';

const bySuite = {
  'another.test.js': (answer) =>
    withResult(answer, { testFilePath: join(folderOf(answer), 'honest.test.js') }),
  'broken.test.js': (answer) => withResult(answer, { snapshot: null }),
  'cancelled.test.js': (answer) => withOutcome(answer, { status: 'cancelled', result: undefined }),
  'events.test.js': (answer, { event }) => {
    const { testFilePath, testResults } = answer.result.outcome.result.testResult;
    event('test-file-success', [{ path: testFilePath }, answer.result.outcome.result.testResult]);
    event('test-case-result', null);
    event('test-case-result', [testFilePath, null]);
    event('test-case-result', [testFilePath, { title: 7 }]);
    event('test-case-result', [join(dirname(testFilePath), 'honest.test.js'), testResults[0]]);
    event('run-ended', {});
    return answer;
  },
  'given-back.test.js': () => ({ started: false }),
  'large.test.js': (answer) =>
    withFile(answer, { path: snapshotOf(answer), before: null, content: 'x'.repeat(16 * 1024 * 1024 + 1) }),
  'link.test.js': (answer) =>
    withFile(answer, {
      path: snapshotOf(answer),
      before: createHash('sha256').update(kept).digest('hex'),
      content: 'overwritten\n',
    }),
  'neighbour.test.js': (answer) =>
    withFile(answer, {
      path: join(folderOf(answer), '__snapshots__/honest.test.js.snap'),
      before: null,
      content: 'not its own\n',
    }),
  'other-id.test.js': (answer) => withOutcome(answer, { suiteId: 'honest.test.js', type: 'run-ended' }),
  'outside.test.js': (answer) =>
    withFile(answer, { path: join(folderOf(answer), '../outside.txt'), before: null, content: 'outside\n' }),
  'twice.test.js': (answer, tools) => {
    tools.answer(answer);
    return answer;
  },
};

function pathOf(answer) {
  return answer.result.outcome.result.testResult.testFilePath;
}

function folderOf(answer) {
  return dirname(pathOf(answer));
}

function snapshotOf(answer) {
  return join(folderOf(answer), '__snapshots__', `${pathOf(answer).split('/').at(-1)}.snap`);
}

function withOutcome(answer, part) {
  const { result } = answer;
  return { ...answer, result: { ...result, outcome: { ...result.outcome, ...part } } };
}

function withResult(answer, part) {
  const { testResult } = answer.result.outcome.result;
  return withOutcome(answer, { result: { testResult: { ...testResult, ...part } } });
}

function withFile(answer, file) {
  return { ...answer, result: { ...answer.result, files: [file] } };
}
