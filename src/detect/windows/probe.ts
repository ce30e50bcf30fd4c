import { impliedLabels } from '../../core/machine/implied-labels.js';
import type { Evidence, MachineProblem } from '../../core/machine/machine.js';
import type { Architecture, Feature, Precision, Vendor } from '../../core/vocabulary/taxonomy.js';
import type { Host, RunOutcome } from '../../host/host.js';
import { acceleratorKinds } from '../accelerators/known.js';
import { abilitiesOfGfx } from '../amd/generation.js';
import { amdModelByName } from '../amd/model-names.js';
import { openvinoBackendsOf } from '../backends/frameworks.js';
import { deviceOf, labelsOf, type Sourced, sourced } from '../findings/device-draft.js';
import type { Probe, ProbeFindings, ProbeOptions } from '../findings/probe.js';
import { abilitiesOfIntel, intelGpuModel } from '../intel/generation.js';
import { nvidiaFindings } from '../nvidia/probe.js';
import { directMlOf } from '../system/directml.js';
import { windowsAnswerOf } from './answer.js';
import { hasBasicDriver, vendorByBrand } from './basic-driver.js';
import { parseWindowsDevices, type WindowsDevice, type WindowsDevices } from './devices.js';
import { pciDeviceOf, sharedMemoryOf, sharesMemory } from './shared-memory.js';

/** GPUs and NPUs of Windows, asked of one PowerShell; of NVIDIA's GPUs `nvidia-smi` knows more. */
export const windows: Probe = async (host, options) => {
  if (host.platform !== 'win32') return { devices: [], problems: [] };
  const [listed, nvidia] = await Promise.all([list(host, options), nvidiaFindings(host, options)]);
  if ('message' in listed) return { ...nvidia, problems: [...nvidia.problems, listed] };
  const isKnown = (device: WindowsDevice) =>
    nvidia.devices.length > 0 && vendorOf(device) === 'nvidia' && obstacleOf(device) === undefined;
  const gpus = listed.gpus.filter((gpu) => isGpu(gpu) && !isKnown(gpu));
  const others = [
    ...gpus.map((gpu, index) => gpuFindings(gpu, `gpu${nvidia.devices.length + index}`, host, options)),
    ...listed.npus.map((npu, index) => npuFindings(npu, `npu${index}`, host, options)),
  ];
  return {
    devices: [...nvidia.devices, ...others.flatMap(({ devices }) => devices)],
    problems: [...nvidia.problems, ...others.flatMap(({ problems }) => problems)],
  };
};

async function list(host: Host, options: ProbeOptions): Promise<WindowsDevices | MachineProblem> {
  const outcome = await windowsAnswerOf(host, options);
  if (outcome.status === 'absent') return { gpus: [], npus: [] };
  const answer = outcome.status === 'ok' ? parseWindowsDevices(outcome.stdout) : undefined;
  return answer ?? failure(outcome, options.timeoutMs);
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

const vendors: Readonly<Record<string, Vendor>> = {
  '10DE': 'nvidia',
  '1002': 'amd',
  '1022': 'amd',
  '8086': 'intel',
  QCOM: 'qualcomm',
};

const architectures: Partial<Record<Vendor, Architecture>> = {
  nvidia: 'gpu-cuda',
  amd: 'gpu-rocm',
  intel: 'gpu-intel',
};

/** A share of the host's GPU in a guest of Hyper-V (GPU-PV): Microsoft's id, and the name of the host's card. */
function isPartition(pnpId: string): boolean {
  return /^PCI\\VEN_1414&DEV_008[AE]\b/i.test(pnpId);
}

function vendorOf({ name, pnpId }: WindowsDevice): Vendor | undefined {
  if (isPartition(pnpId)) return vendorByBrand(name);
  const id = /^(?:PCI|ACPI)\\(?:VEN_)?([0-9A-Z]{4})/i.exec(pnpId)?.[1];
  return vendors[id?.toUpperCase() ?? ''];
}

/** Basic, remote and virtual display adapters hang on no bus of a GPU maker. */
function isGpu(device: WindowsDevice): boolean {
  return isPartition(device.pnpId) || vendorOf(device) !== undefined;
}

function gpuFindings(
  gpu: WindowsDevice,
  id: string,
  host: Host,
  { projectDir }: ProbeOptions,
): ProbeFindings {
  const vendor = vendorOf(gpu);
  const architecture = vendor && architectures[vendor];
  const obstacle = obstacleOf(gpu);
  const shared = sharesMemory(gpu, vendor);
  const memory = shared
    ? sharedMemoryOf(gpu, vendor, host)
    : gpu.memory && sourced(gpu.memory.bytes, 'probed', gpu.memory.source);
  const byName: Evidence = { confidence: 'inferred', source: `Win32_VideoController ${gpu.name}` };
  const abilities = abilitiesOf(gpu, vendor);
  const spec: Evidence = { confidence: 'spec', source: abilities.source };
  const implied = impliedLabels({ class: 'gpu', vendor, model: gpu.name });
  const { evidence, ...device } = deviceOf({
    id,
    class: 'gpu',
    usable: obstacle === undefined,
    unusableBecause: obstacle?.message,
    software: false,
    vendor: vendor && sourced(vendor, isPartition(gpu.pnpId) ? 'inferred' : 'probed', gpu.pnpId),
    architecture: architecture && sourced(architecture, 'inferred', gpu.pnpId),
    model: sourced(gpu.name, 'probed', 'Win32_VideoController'),
    memoryBytes: memory,
    driver: driverOf(gpu),
    backends:
      obstacle === undefined
        ? { ...directMlOf(host), ...(vendor === 'intel' && openvinoBackendsOf('gpu', host, projectDir)) }
        : {},
    precisions: labelsOf(abilities.precisions, spec),
    features: {
      ...labelsOf(abilities.features, spec),
      ...(shared ? { 'unified-memory': byName } : memory && { 'dedicated-memory': memory.evidence }),
    },
  });
  const union = <Word>(a: readonly Word[], b: readonly Word[]) => [...new Set([...a, ...b])];
  return {
    devices: [
      {
        ...device,
        precisions: union(implied.precisions, device.precisions),
        features: union(implied.features, device.features),
        evidence: { ...implied.evidence, ...evidence },
      },
    ],
    problems:
      obstacle === undefined ? [] : [{ ...obstacle, message: `${id} (${gpu.name}) ${obstacle.message}` }],
  };
}

/** The same tables as on Linux; NVIDIA's come with what the model implies. */
function abilitiesOf(
  { name, pnpId }: WindowsDevice,
  vendor: Vendor | undefined,
): {
  readonly precisions: readonly Precision[];
  readonly features: readonly Feature[];
  readonly source: string;
} {
  if (vendor === 'intel') {
    const known = intelGpuModel(Number.parseInt(pciDeviceOf(pnpId), 16));
    return { ...abilitiesOfIntel(known), source: `${known?.name ?? 'every Intel GPU'} by ${pnpId}` };
  }
  const gfx = vendor === 'amd' ? amdModelByName(name)?.gfx : undefined;
  if (gfx !== undefined) return { ...abilitiesOfGfx(gfx), source: `${gfx} by the name ${name}` };
  return {
    precisions: [],
    features: vendor === undefined ? [] : ['simt'],
    source: 'every GPU of this maker',
  };
}

/** `nvlddmkm 32.0.15.6094`. */
function driverOf({ driver }: WindowsDevice): Sourced<string> | undefined {
  const text = [driver?.service, driver?.version].filter((word) => word !== undefined).join(' ');
  return text === '' ? undefined : sourced(text, 'probed', 'registry of Windows: Service, DriverVersion');
}

function npuFindings(
  npu: WindowsDevice,
  id: string,
  host: Host,
  { projectDir }: ProbeOptions,
): ProbeFindings {
  const vendor = vendorOf(npu) ?? (/qualcomm|hexagon/i.test(npu.name) ? 'qualcomm' : undefined);
  const known = vendor === undefined ? undefined : npuKinds[vendor];
  const obstacle = failureOf(npu);
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
    backends:
      obstacle === undefined
        ? {
            ...(known?.directMl && directMlOf(host)),
            ...(vendor === 'intel' && openvinoBackendsOf('npu', host, projectDir)),
          }
        : {},
    precisions: Object.fromEntries((known?.precisions ?? []).map((word) => [word, spec])),
    features: { quantization: spec, 'neural-engine': spec },
  });
  return {
    devices: [device],
    problems:
      obstacle === undefined ? [] : [{ ...obstacle, message: `${id} (${npu.name}) ${obstacle.message}` }],
  };
}

/** What Linux's row of the same chips says. */
function precisionsOfKind(kind: string): readonly Precision[] {
  return acceleratorKinds.find((row) => row.kind === kind)?.precisions ?? [];
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
  intel: {
    architecture: 'npu-intel',
    directMl: true,
    precisions: precisionsOfKind('intel-npu'),
  },
  qualcomm: { architecture: 'npu-qualcomm', directMl: true, precisions: ['fp16', 'int8'] },
  amd: { architecture: 'npu-amd', directMl: false, precisions: precisionsOfKind('amd-npu') },
};

function failureOf({ errorCode }: WindowsDevice): Required<MachineProblem> | undefined {
  if (errorCode === 22) {
    return { message: 'is disabled', remedy: 'enable it in the Device Manager' };
  }
  if (errorCode !== 0) {
    return {
      message: `does not work: Windows reports code ${errorCode}`,
      remedy: "look the code up in the Device Manager, then repair the device's driver",
    };
  }
  return undefined;
}

function obstacleOf(gpu: WindowsDevice): Required<MachineProblem> | undefined {
  const failure = failureOf(gpu);
  if (failure !== undefined) return failure;
  const vendor = vendorOf(gpu);
  return vendor !== undefined && !isPartition(gpu.pnpId) && hasBasicDriver(gpu, vendor)
    ? { message: 'has no driver of its maker', remedy: 'install the driver of the GPU' }
    : undefined;
}
