import type { Device, Evidence, MachineProblem } from '../../core/machine.js';
import type { Backend } from '../../core/taxonomy.js';
import { bindingEnvOf } from '../binding.js';
import { directMlOf } from '../directml.js';
import { cudaBackendsOf } from '../frameworks.js';
import type { Host, RunOutcome } from '../host.js';
import { hiddenDevice, type Obstacle } from '../numbered-findings.js';
import { nvidiaDevice, sliceDevice } from '../nvidia-device.js';
import { driverDirectory, gpusOfDriver, missingForCuda, pciAddressesOf } from '../nvidia-driver.js';
import { type MigSlice, parseMigSlices } from '../parse/nvidia-mig.js';
import {
  allFields,
  basicFields,
  type NvidiaGpu,
  type NvidiaSmiField,
  parseNvidiaSmi,
} from '../parse/nvidia-smi.js';
import type { Probe, ProbeFindings, ProbeOptions } from '../probe.js';

/** NVIDIA GPUs of Linux; on Windows they are found together with the others. */
export const nvidia: Probe = async (host, options) =>
  host.platform === 'linux' ? nvidiaFindings(host, options) : { devices: [], problems: [] };

/** Asked of `nvidia-smi`, which is started only where something shows that the driver is there. */
export const nvidiaFindings: Probe = async (host, options) => {
  if (!hasEvidence(host)) return { devices: [], problems: [] };
  const answer = await query(host, options);
  const frameworks = { ...cudaBackendsOf(host, options.projectDir), ...directMlOf(host) };
  const at = { host, frameworks };
  if (answer === 'absent') return findingsOf(gpusOfDriver(host), driverDirectory, at, missingForCuda(host));
  if ('gpus' in answer) return findingsOf(answer.gpus, 'nvidia-smi', { ...at, slices: answer.slices });
  // The kernel lists GPUs that the tool cannot reach: shown, never used.
  const findings = findingsOf(gpusOfDriver(host), driverDirectory, at, answer.message);
  return { ...findings, problems: [answer] };
};

/** WSL's driver puts its tool outside of PATH. */
const wslTool = '/usr/lib/wsl/lib/nvidia-smi';

function hasEvidence(host: Host): boolean {
  // There is no device node on Windows: starting the tool is the look on PATH.
  if (host.platform === 'win32') return true;
  return (
    host.exists(driverDirectory) ||
    host.readDirectory('/dev').some((name) => /^(nvidia(ctl|\d+)|dxg)$/.test(name))
  );
}

type Answer =
  | 'absent'
  | MachineProblem
  | { readonly gpus: readonly NvidiaGpu[]; readonly slices: readonly MigSlice[] | undefined };

async function query(host: Host, options: ProbeOptions): Promise<Answer> {
  for (const tool of host.exists('/dev/dxg') ? ['nvidia-smi', wslTool] : ['nvidia-smi']) {
    const first = await ask(host, tool, allFields, options);
    if (first.status === 'absent') continue;
    const rejected = first.status === 'error' && /not a valid field/i.test(first.stdout + first.stderr);
    const gpus = rejected
      ? read(await ask(host, tool, basicFields, options), basicFields, options)
      : read(first, allFields, options);
    if ('message' in gpus) return gpus;
    const slices = gpus.some(isCut) ? await slicesOf(host, tool, options) : [];
    return { gpus, slices };
  }
  return 'absent';
}

function isCut({ migMode }: NvidiaGpu): boolean {
  return migMode === 'Enabled';
}

async function slicesOf(
  host: Host,
  tool: string,
  { timeoutMs, signal }: ProbeOptions,
): Promise<readonly MigSlice[] | undefined> {
  const isAnswer = (stdout: string) => parseMigSlices(stdout) !== undefined;
  const { status, stdout } = await host.run(tool, ['-L'], { timeoutMs, signal, isAnswer });
  return status === 'ok' ? parseMigSlices(stdout) : undefined;
}

function ask(
  host: Host,
  tool: string,
  fields: readonly NvidiaSmiField[],
  { timeoutMs, signal }: ProbeOptions,
): Promise<RunOutcome> {
  const args = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  const isAnswer = (stdout: string) => !('garbage' in parseNvidiaSmi(stdout, fields));
  return host.run(tool, args, { timeoutMs, signal, isAnswer });
}

function read(
  outcome: RunOutcome,
  fields: readonly NvidiaSmiField[],
  { timeoutMs }: ProbeOptions,
): MachineProblem | readonly NvidiaGpu[] {
  const remedy = 'run `nvidia-smi` by hand and repair the driver, or declare the GPU in a machine file';
  if (outcome.status === 'timeout') {
    return { message: `nvidia-smi did not answer within ${timeoutMs / 1000} s`, remedy };
  }
  if (outcome.status !== 'ok') {
    // `No devices were found` and driver mismatches come on either stream.
    const said = (outcome.stderr.trim() || outcome.stdout.trim()).split('\n', 1)[0];
    return { message: `nvidia-smi failed: ${said?.slice(0, 200) || 'no message'}`, remedy };
  }
  const gpus = parseNvidiaSmi(outcome.stdout, fields);
  if (!('garbage' in gpus)) return gpus;
  const found = JSON.stringify(gpus.garbage.slice(0, 80));
  return { message: `nvidia-smi printed something else than a list of GPUs: ${found}`, remedy };
}

interface Surroundings {
  readonly host: Host;
  readonly frameworks: Partial<Record<Backend, Evidence>>;
  /** Undefined when they could not be listed. */
  readonly slices?: readonly MigSlice[] | undefined;
}

/** @param missing What keeps every one of these GPUs from computing. */
function findingsOf(
  gpus: readonly NvidiaGpu[],
  source: string,
  at: Surroundings,
  missing?: string,
): ProbeFindings {
  const problems: MachineProblem[] = [];
  const devices = gpus.flatMap((gpu, position) => {
    const id = `gpu${position}`;
    const address = { index: gpu.index, uuid: gpu.uuid };
    const { bindingEnv, hiddenBy } = bindingEnvOf({ class: 'gpu', vendor: 'nvidia' }, address, at.host);
    const slices = isCut(gpu) ? at.slices?.filter(({ gpuIndex }) => gpuIndex === gpu.index) : [];
    const obstacle = obstacleOf(gpu, slices?.length ? undefined : hiddenBy, missing, slices);
    if (obstacle !== undefined) problems.push(problemOf(id, gpu.name, obstacle));
    const usable = obstacle === undefined && !isCut(gpu);
    const device = nvidiaDevice(
      gpu,
      source,
      { id, usable, ...reasonOf(obstacle, isCut(gpu)), ...(bindingEnv && { bindingEnv }) },
      at.frameworks,
    );
    const parts = (slices ?? []).map((slice) => {
      const part = sliceOf(device, gpu, slice, at.host, obstacle === undefined);
      if (part.hidden !== undefined) problems.push(problemOf(part.device.id, slice.profile, part.hidden));
      return part.device;
    });
    return [device, ...parts];
  });
  return {
    devices,
    problems: [...problems, ...orderProblems(gpus, at.host)],
    pciAddresses: pciAddressesOf(gpus, at.host),
  };
}

function problemOf(id: string, name: string, { message, remedy }: Obstacle): MachineProblem {
  return { message: `${id} (${name}) ${message}`, remedy };
}

function sliceOf(
  device: Device,
  gpu: NvidiaGpu,
  slice: MigSlice,
  host: Host,
  usable: boolean,
): { readonly device: Device; readonly hidden?: Obstacle } {
  const address = { index: gpu.index, uuid: slice.uuid, parentUuid: gpu.uuid ?? '' };
  const { bindingEnv, hiddenBy } = bindingEnvOf({ class: 'gpu', vendor: 'nvidia' }, address, host);
  const id = `${device.id}.mig${slice.number}`;
  if (hiddenBy === undefined) {
    return { device: sliceDevice(device, slice, { id, usable, ...(bindingEnv && { bindingEnv }) }) };
  }
  const hidden = hiddenDevice(hiddenBy);
  return { device: sliceDevice(device, slice, { id, usable: false, ...reasonOf(hidden, false) }), hidden };
}

function reasonOf(obstacle: Obstacle | undefined, cut: boolean): Pick<Device, 'unusableBecause'> {
  if (obstacle !== undefined) return { unusableBecause: obstacle.message };
  return cut ? { unusableBecause: 'is cut into MIG slices, which are devices of their own' } : {};
}

function obstacleOf(
  gpu: NvidiaGpu,
  hiddenBy: string | undefined,
  missing: string | undefined,
  slices: readonly MigSlice[] | undefined,
): Obstacle | undefined {
  if (missing !== undefined) {
    const remedy = "install the driver's user-space part, in a container pass the GPU with its libraries";
    return { message: `cannot compute: ${missing}`, remedy };
  }
  if (hiddenBy !== undefined) return hiddenDevice(hiddenBy);
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
