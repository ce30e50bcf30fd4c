import { type Binding, bindingEnvOf } from '../../core/machine/device-mask.js';
import type { Host } from '../../host/host.js';
import { openvinoBackendsOf } from '../backends/frameworks.js';
import { labelsOf, sourced } from '../findings/device-draft.js';
import { type FoundDevice, hiddenDevice, type Obstacle } from '../findings/numbered-findings.js';
import { anyLibrary } from '../system/any-library.js';
import { nodeObstacle } from '../system/closed-node.js';
import {
  attributeOf,
  isForGuests,
  isPassedOn,
  type PciFunction,
  pciFunctionsOf,
  pciIdOf,
} from '../system/pci.js';
import { pciAddressOf } from '../system/uevent.js';
import { type AcceleratorKind, type AcceleratorModel, acceleratorKinds } from './known.js';
import { missingLibrary } from './missing-library.js';

/** Accelerators on the PCI bus, by table. */
export function acceleratorsOnBus(host: Host, projectDir: string): readonly FoundDevice[] {
  const functions = pciFunctionsOf(host);
  return acceleratorKinds.flatMap((kind) => {
    const own = functions.flatMap((pci) => {
      const model = modelOf(kind, pci);
      return model === undefined || isForGuests(host, pci) ? [] : [{ pci, model }];
    });
    const driven = own.filter(({ pci }) => pci.driver !== undefined && !isPassedOn(pci));
    return own.map(({ pci, model }) => {
      const position = driven.findIndex((other) => other.pci === pci);
      return foundAs(kind, model, pci, position, host, projectDir);
    });
  });
}

function modelOf(kind: AcceleratorKind, { vendorId, deviceId }: PciFunction): AcceleratorModel | undefined {
  if (Number.parseInt(kind.vendorId, 16) !== vendorId) return undefined;
  return kind.models.find(({ id }) => Number.parseInt(id, 16) === deviceId);
}

/** @param position Among the devices of the kind that have a driver; −1 for one without. */
function foundAs(
  kind: AcceleratorKind,
  { name: model, memoryGiB, ...cores }: AcceleratorModel,
  pci: PciFunction,
  position: number,
  host: Host,
  projectDir: string,
): FoundDevice {
  const source = `PCI id ${pciIdOf(pci)}`;
  const because = { confidence: 'spec', source: `${model} by ${source}` } as const;
  const node = nodeOf(kind, pci, position, host);
  const library = anyLibrary(host, kind.libraries ?? []);
  const { bindingEnv, hiddenBy } = bindingOf(kind, cores, pci, node, position, host);
  const obstacle =
    obstacleOf(kind, pci, node, library, host) ??
    (hiddenBy === undefined ? undefined : hiddenDevice(hiddenBy));
  return {
    draft: {
      class: kind.class,
      software: false,
      vendor: sourced(kind.vendor, 'probed', source),
      architecture: kind.architecture && sourced(kind.architecture, 'inferred', source),
      model: sourced(model, 'probed', source),
      memoryBytes:
        memoryGiB === undefined ? undefined : sourced(memoryGiB * 1024 ** 3, 'spec', because.source),
      driver: pci.driver === undefined ? undefined : sourced(pci.driver, 'probed', 'PCI driver'),
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

function bindingOf(
  kind: AcceleratorKind,
  { cores, coresPerLogical = 1 }: Pick<AcceleratorModel, 'cores' | 'coresPerLogical'>,
  pci: PciFunction,
  node: string | undefined,
  position: number,
  host: Host,
): Binding {
  if (cores !== undefined) {
    const index = Number(/\d+$/.exec(node ?? '')?.[0] ?? position);
    const perLogical = Number(host.env.NEURON_LOGICAL_NC_CONFIG) || coresPerLogical;
    return index < 0 ? {} : bindingEnvOf(kind, { index, cores: Math.max(1, cores / perLogical) }, host);
  }
  const module = kind.moduleFile && attributeOf(host, pci, kind.moduleFile);
  return module === undefined || !/^\d+$/.test(module)
    ? {}
    : bindingEnvOf(kind, { index: Number(module) }, host);
}

/** The device node that is there for it. */
function nodeOf(kind: AcceleratorKind, pci: PciFunction, position: number, host: Host): string | undefined {
  const name = pci.nodes.find((entry) => entry.startsWith('accel'));
  if (name !== undefined) return [`/dev/accel/${name}`].find((path) => host.exists(path));
  if (kind.nodes === undefined) return undefined;
  const { nodeFolder = '/dev', sysClass } = kind;
  const pattern = new RegExp(kind.nodes);
  const nodes = host
    .readDirectory(nodeFolder)
    .filter((entry) => pattern.test(entry))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const owners = nodes.map((entry) => sysClass && addressIn(host, `/sys/class/${sysClass}/${entry}/device`));
  // Where sysfs tells whose a node is, a card whose driver gave up must not get its neighbour's.
  const index = owners.some((owner) => owner !== undefined) ? owners.indexOf(pci.address ?? '') : position;
  const found = nodes[index];
  return found && `${nodeFolder}/${found}`;
}

function addressIn(host: Host, directory: string): string | undefined {
  const slot = /^PCI_SLOT_NAME=(\S+)$/m.exec(host.readFile(`${directory}/uevent`) ?? '')?.[1];
  return slot && pciAddressOf(slot);
}

function obstacleOf(
  { drivers, libraries, containerMask }: AcceleratorKind,
  { driver }: PciFunction,
  node: string | undefined,
  library: string | undefined,
  host: Host,
): Obstacle | undefined {
  const given = containerMask && host.env[containerMask];
  const missing: Obstacle =
    driver === undefined || !drivers.includes(driver)
      ? {
          message: `has no usable driver (${driver ?? 'none is bound'})`,
          remedy: `load the driver ${drivers[0]}`,
        }
      : given && given !== 'all'
        ? hiddenDevice(`${containerMask}=${given}`)
        : {
            message: 'cannot compute: its device node is missing in /dev',
            remedy: 'in a container pass the node',
          };
  const closed = nodeObstacle(host, node, missing);
  if (closed !== undefined) return closed;
  return libraries === undefined || library !== undefined ? undefined : missingLibrary(libraries[0] ?? '');
}
