import type { Evidence } from '../../core/machine/machine.js';
import type { Architecture, Precision, Vendor } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { acceleratorKinds } from '../accelerators/known.js';
import { openvinoBackendsOf } from '../backends/frameworks.js';
import { deviceOf, sourced } from '../findings/device-draft.js';
import type { ProbeFindings, ProbeOptions } from '../findings/probe.js';
import { directMlOf } from '../system/directml.js';
import type { WindowsDevice } from './devices.js';
import { deviceManagerFailure, vendorOf } from './pnp-device.js';

/** An NPU that Windows lists, as a device. */
export function npuFindings(
  npu: WindowsDevice,
  id: string,
  host: Host,
  { projectDir }: ProbeOptions,
): ProbeFindings {
  const vendor = vendorOf(npu) ?? (/qualcomm|hexagon/i.test(npu.name) ? 'qualcomm' : undefined);
  const known = vendor === undefined ? undefined : npuKinds[vendor];
  const obstacle = deviceManagerFailure(npu);
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

/** The precisions that the probe of Linux knows of the same chips. */
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
