import type { MachineSummary } from '../../../src/report/summary/machines.js';
import { machineFacts } from '../../../src/report/text/machine-facts.js';

const gibibyte = 1024 ** 3;
const machine: MachineSummary = {
  name: 'box',
  platform: 'linux',
  arch: 'x64',
  cpuBudget: 1.5,
  memoryBudgetBytes: 16 * gibibyte,
  origin: 'detected',
  devices: [],
  problems: [],
};

test('system, CPUs and memory', () => {
  expect(machineFacts(machine)).toEqual(['linux x64', '1.5 CPUs', '16 GiB']);
});

test('of a simulated machine, what the scenario says', () => {
  const simulated = { ...machine, platform: 'simulated', arch: 'simulated', cpuBudget: 1 };
  expect(machineFacts(simulated)).toEqual(['simulated', '1 CPU', '16 GiB']);
  const boundless = { ...simulated, memoryBudgetBytes: Number.MAX_SAFE_INTEGER };
  expect(machineFacts(boundless)).toEqual(['simulated', '1 CPU']);
});
