import type { DeviceClass, Feature, Precision } from '../vocabulary/taxonomy.js';
import type { Device, Evidence } from './machine.js';
import { abilitiesOf, capabilityByName } from './nvidia-generation.js';

/** What a device that was not probed surely computes and has, by its class and, for NVIDIA GPUs, by its model. */
export function impliedLabels(device: {
  readonly class?: DeviceClass | undefined;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
}): Pick<Device, 'precisions' | 'features' | 'evidence'> {
  const capability = device.vendor === 'nvidia' ? capabilityByName(device.model ?? '') : undefined;
  if (device.class === 'gpu' && capability !== undefined) {
    return labelled(
      abilitiesOf(capability, device.model ?? ''),
      `compute capability ${capability} by the name ${device.model}`,
    );
  }
  const precisions = everyDeviceComputes[device.class ?? ''] ?? [];
  return labelled({ precisions, features: [] }, `every ${device.class} computes it`);
}

const everyDeviceComputes: Readonly<Record<string, readonly Precision[]>> = {
  cpu: ['fp64', 'fp32', 'int8'],
  gpu: ['fp32'],
};

function labelled(
  labels: { readonly precisions: readonly Precision[]; readonly features: readonly Feature[] },
  source: string,
): Pick<Device, 'precisions' | 'features' | 'evidence'> {
  const evidence: Evidence = { confidence: 'spec', source };
  const words = [...labels.precisions, ...labels.features];
  return { ...labels, evidence: Object.fromEntries(words.map((word) => [word, evidence])) };
}
