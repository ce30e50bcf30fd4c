import type { Evidence, MachineProblem } from '../../core/machine.js';
import type { Architecture, Precision, Vendor } from '../../core/taxonomy.js';
import { deviceOf, sourced } from '../device-draft.js';
import { directMlOf } from '../directml.js';
import type { Host, RunOutcome } from '../host.js';
import { impliedLabels } from '../implied-labels.js';
import {
  listDevicesScript,
  parseWindowsDevices,
  type WindowsDevice,
  type WindowsDevices,
} from '../parse/windows-devices.js';
import type { Probe, ProbeFindings, ProbeOptions } from '../probe.js';
import { nvidiaFindings } from './nvidia.js';

/** GPUs and NPUs of Windows, asked of one PowerShell; of NVIDIA's GPUs `nvidia-smi` knows more. */
export const windows: Probe = async (host, options) => {
  if (host.platform !== 'win32') return { devices: [], problems: [] };
  const [listed, nvidia] = await Promise.all([list(host, options), nvidiaFindings(host, options)]);
  if ('message' in listed) return { ...nvidia, problems: [...nvidia.problems, listed] };
  const isKnown = ({ errorCode, pnpId }: WindowsDevice) =>
    nvidia.devices.length > 0 && errorCode === 0 && vendorOf(pnpId) === 'nvidia';
  const gpus = listed.gpus.filter((gpu) => isGpu(gpu) && !isKnown(gpu));
  const others = [
    ...gpus.map((gpu, index) => gpuFindings(gpu, `gpu${nvidia.devices.length + index}`, host)),
    ...listed.npus.map((npu, index) => npuFindings(npu, `npu${index}`, host)),
  ];
  return {
    devices: [...nvidia.devices, ...others.flatMap(({ devices }) => devices)],
    problems: [...nvidia.problems, ...others.flatMap(({ problems }) => problems)],
  };
};

async function list(
  host: Host,
  { timeoutMs, signal }: ProbeOptions,
): Promise<WindowsDevices | MachineProblem> {
  const isAnswer = (stdout: string) => parseWindowsDevices(stdout) !== undefined;
  const args = ['-NoProfile', '-NonInteractive', '-Command', listDevicesScript];
  const outcome = await host.run('powershell', args, { timeoutMs, signal, isAnswer });
  if (outcome.status === 'absent') return { gpus: [], npus: [] };
  const answer = outcome.status === 'ok' ? parseWindowsDevices(outcome.stdout) : undefined;
  return answer ?? failure(outcome, timeoutMs);
}

function failure({ status, stderr }: RunOutcome, timeoutMs: number): MachineProblem {
  const reasons: Partial<Record<RunOutcome['status'], string>> = {
    timeout: `did not answer within ${timeoutMs / 1000} s`,
    ok: 'printed something else than the devices',
  };
  const said = stderr.trim().split('\n', 1)[0]?.slice(0, 200) || 'no message';
  return {
    message: `powershell ${reasons[status] ?? `failed: ${said}`}`,
    remedy: 'run `Get-CimInstance Win32_VideoController` by hand, or declare the GPU in a machine file',
  };
}

const vendors: Readonly<Record<string, { readonly vendor: Vendor; readonly gpu?: Architecture }>> = {
  '10DE': { vendor: 'nvidia', gpu: 'gpu-cuda' },
  '1002': { vendor: 'amd', gpu: 'gpu-rocm' },
  '1022': { vendor: 'amd', gpu: 'gpu-rocm' },
  '8086': { vendor: 'intel', gpu: 'gpu-intel' },
  QCOM: { vendor: 'qualcomm' },
};

function entryOf(pnpId: string) {
  const id = /^(?:PCI|ACPI)\\(?:VEN_)?([0-9A-Z]{4})/i.exec(pnpId)?.[1];
  return vendors[id?.toUpperCase() ?? ''];
}

function vendorOf(pnpId: string): Vendor | undefined {
  return entryOf(pnpId)?.vendor;
}

/** Basic, remote and virtual display adapters hang on no bus of a GPU maker. */
function isGpu({ pnpId }: WindowsDevice): boolean {
  return entryOf(pnpId) !== undefined;
}

function gpuFindings(gpu: WindowsDevice, id: string, host: Host): ProbeFindings {
  const { vendor, gpu: architecture } = entryOf(gpu.pnpId) ?? {};
  const obstacle = obstacleOf(gpu);
  const integrated = isIntegrated(gpu, vendor);
  const memory =
    integrated || !gpu.memory ? undefined : sourced(gpu.memory.bytes, 'probed', gpu.memory.source);
  const byName: Evidence = { confidence: 'inferred', source: `Win32_VideoController ${gpu.name}` };
  const implied = impliedLabels({ class: 'gpu', vendor, model: gpu.name });
  const { evidence, ...device } = deviceOf({
    id,
    class: 'gpu',
    usable: obstacle === undefined,
    unusableBecause: obstacle?.message,
    software: false,
    vendor: vendor && sourced(vendor, 'probed', gpu.pnpId),
    architecture: architecture && sourced(architecture, 'inferred', gpu.pnpId),
    model: sourced(gpu.name, 'probed', 'Win32_VideoController'),
    memoryBytes: memory,
    backends: obstacle === undefined ? directMlOf(host) : {},
    precisions: {},
    features: integrated
      ? { 'unified-memory': byName }
      : { ...(memory && { 'dedicated-memory': memory.evidence }) },
  });
  const features = [...new Set([...implied.features, ...device.features])];
  return {
    devices: [{ ...device, ...implied, features, evidence: { ...implied.evidence, ...evidence } }],
    problems:
      obstacle === undefined ? [] : [{ ...obstacle, message: `${id} (${gpu.name}) ${obstacle.message}` }],
  };
}

/** Its memory is the machine's: what the driver calls dedicated is a small part that the firmware keeps back. */
function isIntegrated({ name }: WindowsDevice, vendor: Vendor | undefined): boolean {
  if (vendor === 'intel') return !/\bArc\b.*\b[AB]\d{2,3}/i.test(name);
  return vendor === 'qualcomm' || (vendor === 'amd' && /Graphics$/i.test(name));
}

function npuFindings(npu: WindowsDevice, id: string, host: Host): ProbeFindings {
  const vendor = vendorOf(npu.pnpId) ?? (/qualcomm|hexagon/i.test(npu.name) ? 'qualcomm' : undefined);
  const known = vendor === undefined ? undefined : npuKinds[vendor];
  const obstacle = obstacleOf(npu);
  const spec: Evidence = { confidence: 'spec', source: `every NPU such as ${npu.name}` };
  const device = deviceOf({
    id,
    class: 'npu',
    usable: obstacle === undefined,
    unusableBecause: obstacle?.message,
    software: false,
    vendor: vendor && sourced(vendor, 'probed', npu.pnpId),
    architecture: known && sourced(known.architecture, 'inferred', npu.pnpId),
    model: sourced(npu.name, 'probed', 'Win32_PnPEntity ComputeAccelerator'),
    backends: obstacle === undefined && known?.directMl ? directMlOf(host) : {},
    precisions: Object.fromEntries((known?.precisions ?? []).map((word) => [word, spec])),
    features: { quantization: spec },
  });
  return {
    devices: [device],
    problems:
      obstacle === undefined ? [] : [{ ...obstacle, message: `${id} (${npu.name}) ${obstacle.message}` }],
  };
}

const npuKinds: Partial<
  Record<
    Vendor,
    {
      readonly architecture: Architecture;
      readonly directMl: boolean;
      readonly precisions: readonly Precision[];
    }
  >
> = {
  intel: { architecture: 'npu-intel', directMl: true, precisions: ['fp16', 'int8'] },
  qualcomm: { architecture: 'npu-qualcomm', directMl: true, precisions: ['fp16', 'int8'] },
  amd: { architecture: 'npu-amd', directMl: false, precisions: ['int8'] },
};

function obstacleOf({ name, errorCode }: WindowsDevice): Required<MachineProblem> | undefined {
  if (errorCode === 22) {
    return { message: 'is disabled', remedy: 'enable it in the Device Manager' };
  }
  if (errorCode !== 0) {
    return {
      message: `does not work: Windows reports code ${errorCode}`,
      remedy: "look the code up in the Device Manager, then repair the device's driver",
    };
  }
  if (/Microsoft Basic (Display|Render)/i.test(name)) {
    return { message: 'has no driver of its maker', remedy: 'install the driver of the GPU' };
  }
  return undefined;
}
