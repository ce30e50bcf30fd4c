import { checkedDetection } from '../../src/remote/detected.js';

const gpu = {
  id: 'gpu0',
  class: 'gpu',
  usable: true,
  software: false,
  backends: [],
  precisions: [],
  features: [],
  evidence: {},
};
const facts = { name: 'box', platform: 'linux', arch: 'x64', cpuBudget: 4, memoryBudgetBytes: 8e9 };
const machine = { version: 1, machine: facts, devices: [gpu], problems: [] };
const check = (answer: unknown, declaredDevices = 0) =>
  checkedDetection(answer, { name: 'box', declaredDevices });
const gpus = (count: number) => Array.from({ length: count }, (_, index) => ({ ...gpu, id: `gpu${index}` }));
const withGpu = (part: object) => ({ ...machine, devices: [{ ...gpu, ...part }] });
const withFacts = (part: object) => ({ ...machine, machine: { ...facts, ...part } });

test('what is more than it should be is left out', () => {
  expect(check({ ...withGpu({ more: 1 }), more: 1 })).toEqual(machine);
});

test.each([
  ['nothing', null, 'it is null, expected an object'],
  ['a text', 'box', 'it is "box", expected an object'],
  ['no devices', { ...machine, devices: undefined }, 'devices is nothing'],
  ['another name', withFacts({ name: 'other' }), 'machine.name is "other", expected box'],
  ['no CPU budget', withFacts({ cpuBudget: undefined }), 'machine.cpuBudget is nothing'],
  ['too many CPUs', withFacts({ cpuBudget: 1e9 }), 'machine.cpuBudget is 1000000000, expected'],
  ['negative memory', withFacts({ memoryBudgetBytes: -1 }), 'machine.memoryBudgetBytes is -1'],
  ['a thousand GPUs', { ...machine, devices: gpus(1000) }, 'it has 1000 devices, expected at most 256'],
  ['one GPU twice', { ...machine, devices: [gpu, gpu] }, 'two devices have the id gpu0'],
  ['a device that is null', { ...machine, devices: [null] }, 'devices[0] is null'],
  ['a class that there is not', withGpu({ class: 'magic' }), 'devices[0].class is "magic", expected one of'],
  ['an id with a line break', withGpu({ id: 'gpu\n0' }), String.raw`devices[0].id is "gpu\n0"`],
  ['a label that there is not', withGpu({ backends: ['x'] }), 'devices[0].backends[0] is "x"'],
  ['shares that are none', withGpu({ shares: 0.5 }), 'devices[0].shares is 0.5'],
  ['evidence that is none', withGpu({ evidence: { model: 1 } }), 'devices[0].evidence.model is 1'],
  ['a problem without words', { ...machine, problems: [{}] }, 'problems[0].message is nothing'],
])('%s is no machine', (_name, answer, problem) => {
  expect(() => check(answer)).toThrow(problem);
});

test('a machine file may declare more devices than can be found', () => {
  expect(check({ ...machine, devices: gpus(300) }, 100).devices).toHaveLength(300);
});
