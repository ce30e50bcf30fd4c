import { posix } from 'node:path';
import type { Device, Machine } from '../../core/machine/machine.js';
import { formatBytes } from '../../core/vocabulary/units.js';
import type { Host } from '../../host/host.js';
import { raplPackagesOf } from '../../sensors/rapl.js';
import { cpuBackendsOf, cudaBackendsOf } from '../backends/frameworks.js';
import { closedNode, computeNodesOf } from '../system/closed-node.js';
import { vulkanDriversOf } from '../system/icd.js';
import { libraryPath } from '../system/library.js';

/** What a check found on a machine. */
export interface Finding {
  /** `wrong`: something cannot work as it is; `note`: it works otherwise than one might think. */
  readonly severity: 'wrong' | 'note';
  readonly message: string;
  readonly remedy?: string | undefined;
}

export interface Examined {
  readonly machine: Machine;
  readonly host: Host;
  /** Installed packages are looked up from here upwards. */
  readonly projectDir: string;
}

/** Looks at one thing, without running anything. */
type Check = (examined: Examined) => readonly Finding[];

/** Every check of `doctor`. A new one is a line here. */
export const checks = {
  detection: ({ machine }) =>
    machine.problems.map((problem) => ({ ...problem, severity: severityOf(problem) })),
  'CPU quota': (examined) => ignoredQuota(examined),
  'memory limit': ({ machine }) => memoryLimit(machine),
  'driver without device': (examined) => driverWithoutDevice(examined),
  'device access': (examined) => closedNodes(examined),
  'CUDA toolkit without driver': (examined) => toolkitWithoutDriver(examined),
  libraries: (examined) => missingLibraries(examined),
  packages: (examined) => packagesWithoutGpu(examined),
  'emulated adapters': ({ machine }) => emulatedAdapters(machine),
  'energy counters': (examined) => closedCounters(examined),
} as const satisfies Record<string, Check>;

const noteTexts = /\bhidden by \w+=|\bhas a warning of nvidia-smi\b|does not draw on a canvas/;

/** A mask is somebody's wish; a card that a tool warns about computes; a browser without a screen need not draw. */
function severityOf({ message }: { readonly message: string }): Finding['severity'] {
  return noteTexts.test(message) ? 'note' : 'wrong';
}

function ignoredQuota({ machine: { machine }, host }: Examined): readonly Finding[] {
  const seen = host.availableParallelism;
  if (seen === undefined || machine.cpuBudget >= seen) return [];
  const source = machine.evidence?.cpuBudget?.source ?? 'a limit';
  return [
    {
      severity: 'note',
      message: `Node.js sees ${seen} CPUs, ${source} allows ${machine.cpuBudget}: what asks Node.js starts too many threads`,
      remedy: 'nothing for suites run by this package; give other tools their number, such as --maxWorkers',
    },
  ];
}

/** A process that runs suites needs about this much before it loads one. Not tuned: no measurement is recorded. */
const leastMemoryBytes = 512 * 1024 ** 2;

function memoryLimit({ machine }: Machine): readonly Finding[] {
  if (machine.memoryBudgetBytes >= leastMemoryBytes) return [];
  const source = machine.evidence?.memoryBudgetBytes?.source ?? 'a limit';
  return [
    {
      severity: 'wrong',
      message: `${source} allows ${formatBytes(machine.memoryBudgetBytes)} of memory: too little for Jest and one suite`,
      remedy: `raise the limit to ${formatBytes(leastMemoryBytes)} or more`,
    },
  ];
}

/** Also where the device computes otherwise: ROCm needs /dev/kfd, Vulkan does not. */
function closedNodes({ machine, host }: Examined): readonly Finding[] {
  return computeNodesOf(host)
    .filter((path) => !host.mayOpen(path))
    .filter((path) => !machine.problems.some(({ message }) => message.endsWith(path)))
    .map((path) => ({ severity: 'wrong', ...closedNode(path) }));
}

/** Kernel drivers by what shows that they are loaded. */
const drivers: readonly (readonly [sign: string, vendor: NonNullable<Device['vendor']>, name: string])[] = [
  ['/proc/driver/nvidia/version', 'nvidia', 'NVIDIA'],
  ['/dev/kfd', 'amd', 'AMD'],
];

function driverWithoutDevice({ machine, host }: Examined): readonly Finding[] {
  return drivers
    .filter(([sign, vendor]) => host.exists(sign) && !hasGpu(machine, vendor))
    .map(([sign, , name]) => ({
      severity: 'wrong',
      message: `the driver for GPUs of ${name} is loaded (${sign}), and there is no such GPU`,
      remedy: 'in a container or virtual machine pass the GPU through; else look for it in `lspci`',
    }));
}

function toolkitWithoutDriver({ machine, host }: Examined): readonly Finding[] {
  const places = [host.env.CUDA_PATH, host.env.CUDA_HOME, '/usr/local/cuda', '/opt/cuda'];
  const toolkit = places.find((path) => path && host.exists(path));
  if (toolkit === undefined || hasGpu(machine, 'nvidia')) return [];
  return [
    {
      // What only builds needs no driver; where a GPU is on the bus, that one has a problem of its own.
      severity: 'note',
      message: `a CUDA toolkit is installed (${toolkit}), but no driver: CUDA can be built here, and computes nothing`,
      remedy:
        'nothing where it only builds; else install the NVIDIA driver, in a container start it with the GPU (docker run --gpus all)',
    },
  ];
}

function missingLibraries({ host }: Examined): readonly Finding[] {
  if (host.platform !== 'linux') return [];
  const [driver] = vulkanDriversOf(host);
  if (driver === undefined || libraryPath(host, 'libvulkan.so.1') !== undefined) return [];
  return [
    {
      severity: 'note',
      message: `drivers for Vulkan are installed (${posix.basename(driver.file)}), but not its loader libvulkan.so.1`,
      remedy:
        'install it: libvulkan1 on Debian and Ubuntu, vulkan-loader on Fedora, vulkan-icd-loader on Arch',
    },
  ];
}

/** Packages that have a GPU part, what they bring, and how to get that part. */
const packages = [
  ['onnxruntime-node', 'onnx', 'reinstall it with ONNXRUNTIME_NODE_INSTALL=cuda12 in the environment'],
  ['@tensorflow/tfjs-node', 'tensorflow', 'install @tensorflow/tfjs-node-gpu'],
] as const;

function packagesWithoutGpu({ machine, host, projectDir }: Examined): readonly Finding[] {
  if (!machine.devices.some((device) => device.usable && device.backends.includes('cuda'))) return [];
  const onCpu = cpuBackendsOf(host, projectDir);
  const onGpu = cudaBackendsOf(host, projectDir);
  return packages
    .filter(([name, backend]) => onCpu[backend]?.source === `${name} is installed` && !onGpu[backend])
    .map(([name, backend, remedy]) => ({
      severity: 'note',
      message: `${name} is installed without its part for NVIDIA GPUs: \`@backend ${backend}\` runs on the CPU alone`,
      remedy,
    }));
}

function emulatedAdapters({ devices }: Machine): readonly Finding[] {
  return devices
    .filter(({ usable, software }) => usable && software)
    .map(({ id, model, evidence }) => ({
      severity: 'note',
      message: `${id} (${model}) is emulated on the CPU (${evidence.software?.source}): suites get it only where they say \`@software-adapter\``,
      remedy:
        'nothing where that is meant; else install the driver of a GPU and its Vulkan part, in a container pass the GPU',
    }));
}

function closedCounters({ host }: Examined): readonly Finding[] {
  const closed = raplPackagesOf(host).filter((path) => host.readFile(`${path}/energy_uj`) === undefined);
  if (closed.length === 0) return [];
  return [
    {
      severity: 'note',
      message: `the CPU counts its energy (${closed[0]}/energy_uj), and this user may not read it: energy is estimated`,
      remedy:
        'sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj, until the next boot; on shared machines it lets users spy on each other',
    },
  ];
}

function hasGpu({ devices }: Machine, vendor: Device['vendor']): boolean {
  return devices.some((device) => device.class === 'gpu' && device.vendor === vendor);
}
