import type { Host } from '../../host/host.js';
import { labelsOf, sourced } from '../findings/device-draft.js';
import type { FoundDevice } from '../findings/numbered-findings.js';
import { anyLibrary } from '../system/any-library.js';
import { nodeObstacle } from '../system/closed-node.js';
import { type PlatformDevice, platformDevicesOf } from '../system/platform.js';
import { type PlatformAcceleratorKind, platformAccelerators } from './known.js';
import { missingLibrary } from './missing-library.js';

/** Accelerators in systems on chip, by table; one that no row knows is shown, and is not usable. */
export function acceleratorsOnChip(host: Host): readonly FoundDevice[] {
  return platformDevicesOf(host).flatMap((device) => {
    const kind = platformAccelerators.find(({ drivers }) => drivers.includes(device.driver));
    if (kind !== undefined) return [onChipAs(kind, device, host)];
    return device.node.startsWith('/dev/accel/') ? [unknownAs(device)] : [];
  });
}

function unknownAs({ node, driver, compatible }: PlatformDevice): FoundDevice {
  const source = compatible[0] ?? `driver ${driver}`;
  return {
    draft: {
      class: 'asic',
      software: false,
      model: sourced(`unknown accelerator ${source}`, 'probed', `uevent of ${node}`),
      driver: sourced(driver, 'probed', `uevent of ${node}`),
      backends: {},
      precisions: {},
      features: {},
    },
    obstacle: {
      message: `is driven by ${driver}, and nothing is known here that computes on it`,
      remedy: 'declare it in a machine file where your programs compute on it',
    },
  };
}

function onChipAs(
  kind: PlatformAcceleratorKind,
  { node, driver, compatible }: PlatformDevice,
  host: Host,
): FoundDevice {
  const source = `driver ${driver}`;
  const row = kind.models.find((model) => compatible.some((name) => name.includes(model.compatible)));
  const model = row?.name ?? kind.name;
  const because = { confidence: 'spec', source: `${model} by ${compatible[0] ?? source}` } as const;
  const delegate = anyLibrary(host, [kind.mesaDelegate]);
  const library = anyLibrary(host, kind.libraries) ?? delegate;
  const missing = { message: `cannot compute: no ${node}`, remedy: 'in a container pass the node' };
  return {
    draft: {
      class: 'npu',
      software: false,
      vendor: sourced(kind.vendor, 'probed', source),
      model: sourced(model, row ? 'inferred' : 'probed', compatible[0] ?? source),
      driver: sourced(driver, 'probed', `uevent of ${node}`),
      // Mesa's delegate computes through the kernel's own drivers alone.
      backends:
        delegate !== undefined && node.startsWith('/dev/accel/')
          ? { tflite: { confidence: 'inferred', source: `${node}, ${delegate}` } }
          : {},
      precisions: labelsOf(kind.precisions, because),
      features: labelsOf(kind.features, because),
    },
    obstacle:
      nodeObstacle(host, node, missing) ??
      (library === undefined ? missingLibrary(kind.libraries[0] ?? '') : undefined),
  };
}
