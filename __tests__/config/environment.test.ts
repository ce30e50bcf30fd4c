import { parseEnvironment } from '../../src/config/environment.js';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';

test.each([
  [{}, { enabled: true }],
  [{ JEST_HARDWARE: '', JEST_HARDWARE_ONLY: ' ', JEST_HARDWARE_MACHINE: '' }, { enabled: true }],
  [{ JEST_HARDWARE: 'on' }, { enabled: true }],
  [{ JEST_HARDWARE: 'off' }, { enabled: false }],
  [{ JEST_HARDWARE: 'OFF' }, { enabled: false }],
  [{ JEST_HARDWARE_ONLY: 'gpu' }, { enabled: true, only: ['gpu'] }],
  [{ JEST_HARDWARE_ONLY: 'gpu, NPU,gpu' }, { enabled: true, only: ['gpu', 'npu'] }],
  [{ JEST_HARDWARE_CHAOS: 'seed:7' }, { enabled: true, chaos: { seed: 7 } }],
  [
    { JEST_HARDWARE_CHAOS: 'kill, RATE:0.5,lose-machine' },
    { enabled: true, chaos: { rate: 0.5, faults: ['kill', 'lose-machine'] } },
  ],
  [{ JEST_HARDWARE_CHAOS: 'off' }, { enabled: true, chaos: false }],
  [{ JEST_HARDWARE_MACHINE: './box.json' }, { enabled: true, machineFile: './box.json' }],
])('%j is %j', (env, expected) => expect(parseEnvironment(env)).toEqual(expected));

test.each([
  [{ JEST_HARDWARE: '0' }, ['JEST_HARDWARE cannot be `0`']],
  [{ JEST_HARDWARE: 'of' }, ['JEST_HARDWARE cannot be `of`']],
  [{ JEST_HARDWARE_CHAOS: 'seed:1,rate:2' }, ['JEST_HARDWARE_CHAOS cannot be `seed:1,rate:2`']],
  [{ JEST_HARDWARE_CHAOS: 'kil' }, ['JEST_HARDWARE_CHAOS cannot be `kil`']],
  [{ JEST_HARDWARE_ONLY: 'gpu,' }, ['JEST_HARDWARE_ONLY cannot be ``']],
  [
    { JEST_HARDWARE: 'no', JEST_HARDWARE_ONLY: 'gpuu,quantum' },
    ['JEST_HARDWARE cannot be `no`', '`gpuu`', '`quantum`'],
  ],
])('%j is refused', (env, messages) => {
  let problems: UsageError['problems'] = [];
  try {
    parseEnvironment(env);
  } catch (error) {
    if (error instanceof UsageError) problems = error.problems;
  }
  expect(problems.map(({ message }) => message)).toEqual(
    messages.map((message) => expect.stringContaining(message)),
  );
  for (const { expected, remedy } of problems)
    expect([expected, remedy]).toEqual([expect.any(String), expect.any(String)]);
});
