import { bindingEnvOf } from '../../core/machine/device-mask.js';
import type { Device, MachineProblem } from '../../core/machine/machine.js';
import type { Host } from '../../host/host.js';
import { cudaBackendsOf } from '../backends/frameworks.js';
import { hiddenDevice, type Obstacle } from '../findings/numbered-findings.js';
import type { Probe, ProbeFindings } from '../findings/probe.js';
import { directMlOf } from '../system/directml.js';
import { graphicsBackendsOf } from '../system/icd.js';
import { accessTo, cudaLibraryOf } from './access.js';
import { nvidiaDevice, sliceDevice } from './device.js';
import { addressesOnBus, driverDirectory, gpusOfDriver, gpusOfWindows, sameGpu } from './driver.js';
import { sharedMemoryOf } from './memory.js';
import type { MigSlice } from './mig.js';
import { askNvidiaSmi, isCut } from './query.js';
import { isAbout, type NvidiaGpu } from './smi.js';
import { tegraGpuOf } from './tegra.js';

/** NVIDIA GPUs of Linux; on Windows they are found together with the others. */
export const nvidia: Probe = async (host, options) =>
  host.platform === 'linux' ? nvidiaFindings(host, options) : { devices: [], problems: [] };

/** Asked of `nvidia-smi`, which is started only where something shows that the driver is there. */
export const nvidiaFindings: Probe = async (host, options) => {
  const tegra = tegraGpuOf(host);
  if (!hasEvidence(host)) {
    if (tegra === undefined) return { devices: [], problems: [] };
    const at = await surroundingsOf(host, options);
    return findingsOf([tegra], tegra.source, at);
  }
  const [answer, at] = await Promise.all([askNvidiaSmi(host, options), surroundingsOf(host, options)]);
  if (answer.kind === 'told' && (answer.gpus.length > 0 || tegra === undefined)) {
    const { gpus, notes, slices } = answer;
    return findingsOf(gpus, 'nvidia-smi', { ...at, slices, notes });
  }
  const listed = gpusOfDriver(host);
  if (listed.length === 0 && tegra !== undefined) return findingsOf([tegra], tegra.source, at);
  if (answer.kind !== 'failed') {
    return listed.length > 0
      ? findingsOf(listed, driverDirectory, at)
      : findingsOf(gpusOfWindows(host), '/usr/lib/wsl/drivers', at);
  }
  // The kernel lists GPUs that the tool cannot reach: shown, never used.
  const { message, remedy } = answer.problem;
  const findings = findingsOf(listed, driverDirectory, {
    ...at,
    failure: { message: `cannot compute: ${message}`, remedy },
  });
  return { ...findings, problems: [answer.problem] };
};

function hasEvidence(host: Host): boolean {
  // There is no device node on Windows: starting the tool is the look on PATH.
  if (host.platform === 'win32') return true;
  return (
    host.exists(driverDirectory) ||
    host.readDirectory('/dev').some((name) => /^(nvidia(ctl|\d+)|dxg)$/.test(name))
  );
}

interface Surroundings extends Pick<Parameters<typeof nvidiaDevice>[2], 'backends' | 'sharedMemory'> {
  readonly host: Host;
  readonly library: string | undefined;
  /** Undefined when they could not be listed. */
  readonly slices?: readonly MigSlice[] | undefined;
  /** Lines of the tool that are no row. */
  readonly notes?: readonly string[];
  /** What keeps every one of these GPUs from computing. */
  readonly failure?: Obstacle;
}

async function surroundingsOf(host: Host, options: Parameters<Probe>[1]): Promise<Surroundings> {
  const graphics = host.platform === 'linux' ? graphicsBackendsOf(host, driverFiles) : {};
  return {
    host,
    library: await cudaLibraryOf(host, options),
    backends: { ...cudaBackendsOf(host, options.projectDir), ...directMlOf(host), ...graphics },
    sharedMemory: sharedMemoryOf(host),
    slices: [],
  };
}

const driverFiles = {
  vulkan: /^nvidia_icd/,
  opencl: /^nvidia/,
  vulkanLibrary: /^lib(GLX|EGL)_nvidia\./,
  openclLibrary: /^libnvidia-opencl\./,
};

function findingsOf(gpus: readonly NvidiaGpu[], source: string, at: Surroundings): ProbeFindings {
  const listed = gpusOfDriver(at.host);
  const problems: MachineProblem[] = [];
  const warnings = new Set(at.notes ?? []);
  const addresses: Record<string, string> = {};
  const onBus = addressesOnBus(at.host, gpus.length);
  const devices = gpus.flatMap((row, position) => {
    const id = `gpu${position}`;
    const inKernel = sameGpu(row, listed);
    const gpu = { ...row, ...(row.fault && inKernel && { name: inKernel.name }) };
    const pciAddress = gpu.pciAddress ?? inKernel?.pciAddress ?? onBus?.[position];
    if (pciAddress !== undefined) addresses[id] = pciAddress;
    const address = { index: gpu.index, uuid: gpu.uuid };
    const { bindingEnv, hiddenBy } = bindingEnvOf({ class: 'gpu', vendor: 'nvidia' }, address, at.host);
    const slices = isCut(gpu) ? at.slices?.filter(({ gpuIndex }) => gpuIndex === gpu.index) : [];
    const access = accessTo(at.host, at.library, inKernel?.minor);
    const obstacle =
      at.failure ??
      faultOf(gpu) ??
      (hiddenBy === undefined || slices?.length ? undefined : hiddenDevice(hiddenBy)) ??
      access.obstacle ??
      obstacleOf(gpu, slices);
    if (obstacle !== undefined) problems.push(problemOf(id, gpu.name, obstacle));
    for (const line of warnings) {
      if (!isAbout(line, { ...gpu, ...(pciAddress && { pciAddress }) })) continue;
      warnings.delete(line);
      problems.push(warningOf(line, `${id} (${gpu.name})`));
    }
    const usable = obstacle === undefined && !isCut(gpu);
    const device = nvidiaDevice(gpu, source, {
      id,
      usable,
      ...reasonOf(obstacle, isCut(gpu)),
      ...(bindingEnv && { bindingEnv }),
      // Exactly one process may use it: what somebody declares beyond that is told.
      ...(gpu.computeMode === 'Exclusive_Process' && { shares: 1 }),
      access: access.evidence,
      backends: at.backends,
      sharedMemory: at.sharedMemory,
    });
    const parts = (slices ?? []).map((slice) => {
      const part = sliceOf(device, gpu, slice, at.host, obstacle);
      if (part.hidden !== undefined) problems.push(problemOf(part.device.id, slice.profile, part.hidden));
      return part.device;
    });
    return [device, ...parts];
  });
  return {
    devices,
    problems: [
      ...problems,
      ...[...warnings].map((line) => warningOf(line, 'some GPU')),
      ...orderProblems(gpus, at.host),
    ],
    pciAddresses: addresses,
  };
}

/** Shown with its text: what it means for the card is NVIDIA's to say. */
function warningOf(line: string, about: string): MachineProblem {
  return {
    message: `${about} has a warning of nvidia-smi: ${line.slice(0, 200)}`,
    remedy: 'nothing while suites pass there; `nvidia-smi -q` and the log of the kernel (`dmesg`) tell more',
  };
}

/** What the tool says in place of a value, or instead of a row. */
function faultOf({ fault, index, pciAddress }: NvidiaGpu): Obstacle | undefined {
  if (fault === undefined) return undefined;
  const remedy = /reset/i.test(fault)
    ? `end what uses it, then: sudo nvidia-smi --gpu-reset -i ${pciAddress ?? index}`
    : 'look for `Xid` in `dmesg`; restart the machine, and have the card checked when it happens again';
  return { message: `cannot compute: nvidia-smi says ${JSON.stringify(fault.slice(0, 200))}`, remedy };
}

function problemOf(id: string, name: string, { message, remedy }: Obstacle): MachineProblem {
  return { message: `${id} (${name}) ${message}`, remedy };
}

function sliceOf(
  device: Device,
  gpu: NvidiaGpu,
  slice: MigSlice,
  host: Host,
  obstacle: Obstacle | undefined,
): { readonly device: Device; readonly hidden?: Obstacle } {
  const address = { index: gpu.index, uuid: slice.uuid, parentUuid: gpu.uuid ?? '' };
  const { bindingEnv, hiddenBy } = bindingEnvOf({ class: 'gpu', vendor: 'nvidia' }, address, host);
  const id = `${device.id}.mig${slice.number}`;
  if (hiddenBy === undefined) {
    const usable = obstacle === undefined;
    const state = { id, usable, ...reasonOf(obstacle, false), ...(bindingEnv && { bindingEnv }) };
    return { device: sliceDevice(device, slice, state) };
  }
  const hidden = hiddenDevice(hiddenBy);
  return { device: sliceDevice(device, slice, { id, usable: false, ...reasonOf(hidden, false) }), hidden };
}

function reasonOf(obstacle: Obstacle | undefined, cut: boolean): Pick<Device, 'unusableBecause'> {
  if (obstacle !== undefined) return { unusableBecause: obstacle.message };
  return cut ? { unusableBecause: 'is cut into MIG slices, which are devices of their own' } : {};
}

function obstacleOf(gpu: NvidiaGpu, slices: readonly MigSlice[] | undefined): Obstacle | undefined {
  if (slices === undefined) {
    const remedy = 'run `nvidia-smi -L` by hand, or declare the slices in a machine file';
    return { message: 'is cut into MIG slices, and `nvidia-smi -L` does not list them', remedy };
  }
  if (isCut(gpu) && slices.length === 0) {
    const remedy = `cut it: sudo nvidia-smi mig -i ${gpu.index} -cgi … -C; or leave the mode: sudo nvidia-smi -i ${gpu.index} -mig 0`;
    return { message: 'is in MIG mode without a slice: no process can use it', remedy };
  }
  if (gpu.computeMode === 'Prohibited') {
    const remedy = `sudo nvidia-smi -i ${gpu.index} -c DEFAULT`;
    return { message: 'is in compute mode Prohibited: no process may use it', remedy };
  }
  return undefined;
}

/** CUDA numbers the fastest GPU first, nvidia-smi by PCI address: a mask of numbers over unequal GPUs is ambiguous. */
function orderProblems(gpus: readonly NvidiaGpu[], host: Host): readonly MachineProblem[] {
  const mask = host.env.CUDA_VISIBLE_DEVICES ?? '';
  const unequal = new Set(gpus.map(({ name }) => name)).size > 1;
  if (!unequal || !/^\s*\d/.test(mask) || host.env.CUDA_DEVICE_ORDER === 'PCI_BUS_ID') return [];
  return [
    {
      message: `which GPUs CUDA_VISIBLE_DEVICES=${mask} means depends on their speed; it was read in nvidia-smi's order`,
      remedy: 'set CUDA_DEVICE_ORDER=PCI_BUS_ID, or name the GPUs by UUID',
    },
  ];
}
