import { impliedLabels } from '../../core/machine/implied-labels.js';
import type { Evidence, MachineProblem } from '../../core/machine/machine.js';
import type { Architecture, Feature, Precision, Vendor } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { abilitiesOfGfx } from '../amd/generation.js';
import { amdModelByName } from '../amd/model-names.js';
import { openvinoBackendsOf } from '../backends/frameworks.js';
import { deviceOf, labelsOf, type Sourced, sourced } from '../findings/device-draft.js';
import type { ProbeFindings, ProbeOptions } from '../findings/probe.js';
import { abilitiesOfIntel, intelGpuModel } from '../intel/generation.js';
import { directMlOf } from '../system/directml.js';
import { hasBasicDriver } from './basic-driver.js';
import type { WindowsDevice } from './devices.js';
import { deviceManagerFailure, isPartition, vendorOf } from './pnp-device.js';
import { pciDeviceOf, sharedMemoryOf, sharesMemory } from './shared-memory.js';

/** A GPU that Windows lists, as a device. */
export function gpuFindings(
  gpu: WindowsDevice,
  id: string,
  host: Host,
  { projectDir }: ProbeOptions,
): ProbeFindings {
  const vendor = vendorOf(gpu);
  const architecture = vendor && architectures[vendor];
  const obstacle = gpuObstacle(gpu);
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

/** What keeps the GPU from computing; undefined: nothing. */
export function gpuObstacle(gpu: WindowsDevice): Required<MachineProblem> | undefined {
  const failure = deviceManagerFailure(gpu);
  if (failure !== undefined) return failure;
  const vendor = vendorOf(gpu);
  return vendor !== undefined && !isPartition(gpu.pnpId) && hasBasicDriver(gpu, vendor)
    ? { message: 'has no driver of its maker', remedy: 'install the driver of the GPU' }
    : undefined;
}

const architectures: Partial<Record<Vendor, Architecture>> = {
  nvidia: 'gpu-cuda',
  amd: 'gpu-rocm',
  intel: 'gpu-intel',
};
