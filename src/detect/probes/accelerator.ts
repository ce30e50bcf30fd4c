import { type AcceleratorKind, acceleratorKinds } from '../accelerators.js';
import { bindingEnvOf } from '../binding.js';
import { labelsOf, sourced } from '../device-draft.js';
import { openvinoBackendsOf } from '../frameworks.js';
import type { Host } from '../host.js';
import { libraryPath } from '../library.js';
import { type FoundDevice, hiddenDevice, numberedFindings, type Obstacle } from '../numbered-findings.js';
import { attributeOf, type PciFunction, pciFunctionsOf, pciIdOf } from '../pci.js';
import type { Probe } from '../probe.js';

/** NPUs, TPUs and other accelerators on the PCI bus, by table. */
export const accelerator: Probe = async (host, { projectDir }) => {
  const functions = pciFunctionsOf(host);
  const found = Object.values<AcceleratorKind>(acceleratorKinds).flatMap((kind) =>
    functions
      .filter(({ vendorId, deviceId }) => vendorId === kind.vendorId && deviceId in kind.models)
      .map((pci, position) => foundAs(kind, pci, position, host, projectDir)),
  );
  return numberedFindings(found);
};

function foundAs(
  kind: AcceleratorKind,
  pci: PciFunction,
  position: number,
  host: Host,
  projectDir: string,
): FoundDevice {
  const source = `PCI id ${pciIdOf(pci)}`;
  const model = kind.models[pci.deviceId] ?? source;
  const because = { confidence: 'spec', source: `${model} by ${source}` } as const;
  const node = nodeOf(kind, pci, position, host);
  const library = kind.libraries?.map((name) => libraryPath(host, name)).find((path) => path !== undefined);
  const bytes = kind.memoryBytes?.[pci.deviceId];
  const module = kind.moduleFile && attributeOf(host, pci, kind.moduleFile);
  const { bindingEnv, hiddenBy } =
    module === undefined || !/^\d+$/.test(module) ? {} : bindingEnvOf(kind, { index: Number(module) }, host);
  const obstacle =
    obstacleOf(kind, pci, node, library) ?? (hiddenBy === undefined ? undefined : hiddenDevice(hiddenBy));
  return {
    draft: {
      class: kind.class,
      software: false,
      vendor: sourced(kind.vendor, 'probed', source),
      architecture: kind.architecture && sourced(kind.architecture, 'inferred', source),
      model: sourced(model, 'probed', source),
      memoryBytes: bytes === undefined ? undefined : sourced(bytes, 'spec', because.source),
      backends: {
        ...(kind.backend &&
          library && { [kind.backend]: { confidence: 'inferred', source: `${node}, ${library}` } }),
        ...(kind.architecture === 'npu-intel' && openvinoBackendsOf('npu', host, projectDir)),
      },
      precisions: labelsOf(kind.precisions, because),
      features: labelsOf(kind.features, because),
      ...(bindingEnv && { bindingEnv }),
    },
    obstacle,
    address: pci.address,
  };
}

/** The device node that is there for it. */
function nodeOf(
  { nodes }: AcceleratorKind,
  pci: PciFunction,
  position: number,
  host: Host,
): string | undefined {
  if (nodes === undefined) {
    const name = pci.nodes.find((entry) => entry.startsWith('accel'));
    return name && [`/dev/accel/${name}`].find((path) => host.exists(path));
  }
  const name = host.readDirectory('/dev').filter((entry) => nodes.test(entry))[position];
  return name && `/dev/${name}`;
}

function obstacleOf(
  { drivers, libraries }: AcceleratorKind,
  { driver }: PciFunction,
  node: string | undefined,
  library: string | undefined,
): Obstacle | undefined {
  if (node === undefined) {
    return driver === undefined || !drivers.includes(driver)
      ? {
          message: `has no usable driver (${driver ?? 'none is bound'})`,
          remedy: `load the driver ${drivers[0]}`,
        }
      : {
          message: 'cannot compute: its device node is missing in /dev',
          remedy: 'in a container pass the node',
        };
  }
  if (libraries === undefined || library !== undefined) return undefined;
  return {
    message: `cannot compute: no ${libraries[0]}`,
    remedy: "install the maker's user-space driver, or declare the device in a machine file",
  };
}
