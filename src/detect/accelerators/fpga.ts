import type { Architecture, Vendor } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { sourced } from '../findings/device-draft.js';
import { type FoundDevice, numberedFindings, type Obstacle } from '../findings/numbered-findings.js';
import type { Probe } from '../findings/probe.js';
import { closedNode } from '../system/closed-node.js';
import { type PciFunction, pciFunctionsOf, pciIdOf } from '../system/pci.js';

/** FPGA cards on the PCI bus, and FPGAs inside of a system on chip, which the kernel's FPGA manager lists. */
export const fpga: Probe = async (host) => numberedFindings([...cardsOf(host), ...managedBy(host)]);

/** Drivers that let a process use the card, with the nodes they make; other functions of a card only manage it. */
const userDrivers: Readonly<Record<string, RegExp>> = {
  xocl: /^renderD\d+$/,
  xdma: /^xdma\d+_/,
  qdma: /^qdma/,
  'qdma-pf': /^qdma/,
  'dfl-pci': /^dfl-port\.\d+$/,
};

function cardsOf(host: Host): readonly FoundDevice[] {
  const cards = new Map<string, PciFunction[]>();
  for (const pci of pciFunctionsOf(host)) {
    if (makerOf(pci) === undefined) continue;
    const card = pci.address?.replace(/\.\d$/, '') ?? pciIdOf(pci);
    cards.set(card, [...(cards.get(card) ?? []), pci]);
  }
  return [...cards.values()].map((functions) => cardAs(functions, host));
}

interface Maker {
  readonly vendor: Vendor;
  readonly architecture: Architecture;
  readonly name: string;
}

const xilinx: Maker = { vendor: 'xilinx', architecture: 'fpga-xilinx', name: 'Xilinx' };
const intel: Maker = { vendor: 'intel', architecture: 'fpga-intel', name: 'Intel' };

function makerOf({ vendorId, deviceId, driver }: PciFunction): Maker | undefined {
  if (vendorId === 0x10ee) return xilinx;
  // Intel's acceleration cards: Arria 10, N3000, D5005.
  if (vendorId === 0x8086 && [0x09c4, 0x0b30, 0x0b2b].includes(deviceId)) return intel;
  return driver === 'dfl-pci' ? intel : undefined;
}

/** Cards by PCI device id of either of their functions. */
const cardNames: Readonly<Record<number, string>> = {
  20480: 'Alveo U200',
  20481: 'Alveo U200',
  20484: 'Alveo U250',
  20485: 'Alveo U250',
  20492: 'Alveo U280',
  20493: 'Alveo U280',
  20512: 'Alveo U50',
  20513: 'Alveo U50',
  20572: 'Alveo U55C',
  20573: 'Alveo U55C',
  2500: 'PAC Arria 10',
  2864: 'PAC N3000',
  2859: 'PAC D5005',
};

function cardAs(functions: readonly PciFunction[], host: Host): FoundDevice {
  const user = functions.find(({ driver }) => driver !== undefined && driver in userDrivers);
  const shown = (user ?? functions[0]) as PciFunction;
  const maker = makerOf(shown) ?? xilinx;
  const source = `PCI id ${pciIdOf(shown)}`;
  return {
    draft: {
      class: 'fpga',
      software: false,
      vendor: sourced(maker.vendor, 'probed', source),
      architecture: sourced(maker.architecture, 'inferred', source),
      model: sourced(
        `${maker.name} ${cardNames[shown.deviceId] ?? `FPGA ${pciIdOf(shown)}`}`,
        'probed',
        source,
      ),
      driver: user?.driver === undefined ? undefined : sourced(user.driver, 'probed', 'PCI driver'),
      backends: {},
      precisions: {},
      features: {},
    },
    obstacle: obstacleOf(user, host),
    address: shown.address,
  };
}

function obstacleOf(user: PciFunction | undefined, host: Host): Obstacle | undefined {
  if (user === undefined) {
    return {
      message: 'has no driver that lets a process use it',
      remedy: 'install its runtime (XRT for Alveo, OPAE for Intel), or declare it in a machine file',
    };
  }
  const pattern = userDrivers[user.driver ?? ''] ?? /$^/;
  const nodes = [
    ...user.nodes.filter((node) => pattern.test(node)).map((node) => `/dev/dri/${node}`),
    ...host
      .readDirectory('/dev')
      .filter((node) => pattern.test(node))
      .map((node) => `/dev/${node}`),
  ].filter((path) => host.exists(path));
  if (nodes.some((path) => host.mayOpen(path))) return undefined;
  if (nodes[0] !== undefined) return closedNode(nodes[0]);
  return {
    message: 'cannot compute: its device node is missing in /dev',
    remedy: 'in a container pass the node',
  };
}

const managers = '/sys/class/fpga_manager';

function managedBy(host: Host): readonly FoundDevice[] {
  return host.readDirectory(managers).flatMap((entry): FoundDevice[] => {
    const name = host.readFile(`${managers}/${entry}/name`)?.trim();
    // Cards on the bus have a manager too, and are listed already.
    const maker = /^(Xilinx (Zynq|Versal))/i.test(name ?? '')
      ? xilinx
      : /Altera|Stratix10 SOC|socfpga/i.test(name ?? '')
        ? intel
        : undefined;
    if (name === undefined || maker === undefined) return [];
    const source = `${managers}/${entry}/name`;
    const state = host.readFile(`${managers}/${entry}/state`)?.trim();
    return [
      {
        draft: {
          class: 'fpga',
          software: false,
          vendor: sourced(maker.vendor, 'inferred', source),
          architecture: sourced(maker.architecture, 'inferred', source),
          model: sourced(name, 'probed', source),
          backends: {},
          precisions: {},
          features: {},
        },
        obstacle:
          state === 'operating'
            ? undefined
            : { message: `is not programmed (state ${state})`, remedy: 'load a bitstream' },
      },
    ];
  });
}
