import type { Device, Machine } from '../../../src/core/machine/machine.js';
import { missingFrom } from '../../../src/shard/plan/machine-difference.js';
import { device, GiB } from '../../core/cluster.js';

const gpu = (overrides: Partial<Device> = {}) =>
  device({ id: 'gpu0', class: 'gpu', model: 'A', memoryBytes: 16 * GiB, backends: ['cuda'], ...overrides });

function machine(devices: readonly Device[], facts: Partial<Machine['machine']> = {}): Machine {
  const usual = { name: 'm', platform: 'linux', arch: 'x64', cpuBudget: 4, memoryBudgetBytes: 16 * GiB };
  return { version: 1, machine: { ...usual, ...facts }, devices: [device(), ...devices], problems: [] };
}

test.each<[string, Machine, Machine, readonly string[]]>([
  ['the same', machine([gpu()]), machine([gpu()]), []],
  ['more than declared', machine([gpu(), gpu({ id: 'gpu1' })], { cpuBudget: 8 }), machine([gpu()]), []],
  ['a little less memory', machine([gpu({ memoryBytes: 15 * GiB })]), machine([gpu()]), []],
  ['another CPU', machine([], {}), machine([], {}), []],
  ['no GPU', machine([]), machine([gpu()]), ['gpu0 (A): found no usable gpu that is not taken']],
  [
    'one that cannot be used',
    machine([gpu({ usable: false })]),
    machine([gpu()]),
    [expect.stringContaining('no usable gpu')],
  ],
  [
    'one for two',
    machine([gpu()]),
    machine([gpu(), gpu({ id: 'gpu1' })]),
    [expect.stringContaining('gpu1 (A)')],
  ],
  [
    'another model',
    machine([gpu({ model: 'B' })]),
    machine([gpu()]),
    ['gpu0 (A): found gpu0 (B), which lacks model A'],
  ],
  [
    'no driver',
    machine([gpu({ backends: [] })]),
    machine([gpu()]),
    ['gpu0 (A): found gpu0 (A), which lacks cuda'],
  ],
  ['few threads', machine([], { cpuBudget: 2 }), machine([]), ['4 CPU threads: found 2']],
  [
    'little memory',
    machine([], { memoryBudgetBytes: 8 * GiB }),
    machine([]),
    ['16 GiB of memory: found 8 GiB'],
  ],
])('%s', (_what, found, declared, missing) => {
  expect(missingFrom(found, declared)).toEqual(missing);
});
