import type { Machine } from '../../src/core/machine/machine.js';

/** A machine with nothing but a CPU of one thread. */
export const cpuMachine: Machine = {
  version: 1,
  machine: { name: 'local', platform: 'linux', arch: 'x64', cpuBudget: 1, memoryBudgetBytes: 2 ** 33 },
  devices: [
    {
      id: 'cpu',
      class: 'cpu',
      usable: true,
      software: false,
      backends: [],
      precisions: [],
      features: [],
      evidence: {},
    },
  ],
  problems: [],
};
