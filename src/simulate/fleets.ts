import { type Device, type Machine, type Slot, slotsOf } from '../core/machine/machine.js';

/** A machine as it could be bought or rented, for simulations. */
interface Model {
  readonly cpuThreads: number;
  readonly memoryGib: number;
  readonly workers: number;
  readonly devices?: readonly (Pick<Device, 'id' | 'class' | 'backends'> & Partial<Device>)[];
}

const gib = 1024 ** 3;

const four = [0, 1, 2, 3];
const browser = { class: 'gpu', architecture: 'gpu-webgpu' } as const;

/** Memory sizes are from data sheets. CPU threads and workers are made up. */
const models = {
  'cpu-workstation': { cpuThreads: 16, memoryGib: 64, workers: 6 },
  'nvidia-server': {
    cpuThreads: 32,
    memoryGib: 128,
    workers: 6,
    devices: four.map((n) => ({
      id: `gpu${n}`,
      class: 'gpu',
      vendor: 'nvidia',
      model: 'NVIDIA L4',
      memoryBytes: 24 * gib,
      backends: ['cuda', 'vulkan'],
    })),
  },
  'amd-server': {
    cpuThreads: 32,
    memoryGib: 128,
    workers: 6,
    devices: four.map((n) => ({
      id: `gpu${n}`,
      class: 'gpu',
      vendor: 'amd',
      model: 'AMD Instinct MI210',
      memoryBytes: 64 * gib,
      backends: ['rocm'],
    })),
  },
  'mobile-npu': {
    cpuThreads: 8,
    memoryGib: 16,
    workers: 3,
    devices: [
      {
        id: 'gpu0',
        class: 'gpu',
        vendor: 'intel',
        model: 'Intel Arc Graphics',
        memoryBytes: 8 * gib,
        backends: ['vulkan'],
      },
      {
        id: 'npu0',
        class: 'npu',
        vendor: 'intel',
        model: 'Intel AI Boost',
        memoryBytes: 4 * gib,
        backends: ['openvino'],
      },
    ],
  },
  'cloud-tpu': {
    cpuThreads: 48,
    memoryGib: 192,
    workers: 6,
    devices: four.map((n) => ({
      id: `tpu${n}`,
      class: 'tpu',
      vendor: 'google',
      model: 'TPU v4',
      memoryBytes: 32 * gib,
      backends: ['jax'],
    })),
  },
  browsers: {
    cpuThreads: 8,
    memoryGib: 16,
    workers: 3,
    devices: [
      { ...browser, id: 'browser-chrome', model: 'Chrome', backends: ['webgpu'] },
      { ...browser, id: 'browser-firefox', model: 'Firefox', backends: ['webgpu'] },
      { ...browser, id: 'browser-edge', model: 'Edge', backends: ['webgpu', 'webnn'] },
    ],
  },
} as const satisfies Record<string, Model>;

/** A model; `mixed`: machines of all models in turn. */
export type FleetName = keyof typeof models | 'mixed';

export const fleetNames: readonly FleetName[] = [
  ...(Object.keys(models) as (keyof typeof models)[]),
  'mixed',
];

/** @param machines Number of machines, ≥ 1. */
export function slotsOfFleet(name: FleetName, machines: number): readonly Slot[] {
  const kinds = name === 'mixed' ? (Object.keys(models) as (keyof typeof models)[]) : [name];
  return Array.from({ length: machines }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? 'cpu-workstation';
    const model: Model = models[kind];
    return slotsOf(machineOf(`${kind}-${Math.floor(index / kinds.length) + 1}`, model), model.workers);
  }).flat();
}

function machineOf(name: string, { cpuThreads, memoryGib, devices = [] }: Model): Machine {
  const memoryBudgetBytes = memoryGib * gib;
  const common = { usable: true, software: false, precisions: [], features: [], evidence: {} };
  return {
    version: 1,
    machine: { name, platform: 'simulated', arch: 'simulated', cpuBudget: cpuThreads, memoryBudgetBytes },
    devices: [
      { ...common, id: 'cpu', class: 'cpu', backends: [], memoryBytes: memoryBudgetBytes },
      ...devices.map((device) => ({ ...common, ...device })),
    ],
    problems: [],
  };
}
