import type {
  Architecture,
  Backend,
  DeviceClass,
  Feature,
  Precision,
  Vendor,
} from '../../core/vocabulary/taxonomy.js';
import { type PciFunction, pciIdOf } from '../system/pci.js';
import table from './known.json' with { type: 'json' };

/** One kind of accelerator on the PCI bus, and what it takes to compute on it: a row of `data/accelerators.json`. */
export interface AcceleratorKind {
  readonly kind: string;
  readonly vendorId: string;
  /** An id that is not listed is not this kind. */
  readonly models: readonly AcceleratorModel[];
  readonly class: DeviceClass;
  readonly vendor: Vendor;
  readonly architecture?: Architecture;
  readonly precisions: readonly Precision[];
  readonly features: readonly Feature[];
  /** Kernel drivers that can compute on it; the first is named in the remedy. */
  readonly drivers: readonly string[];
  /** Device nodes where the driver does not put it into the class `accel`, a regular expression. */
  readonly nodes?: string;
  /** Where those nodes are. Default `/dev`. */
  readonly nodeFolder?: string;
  /** The class of sysfs that tells which node is whose; without it the n-th device has the n-th node. */
  readonly sysClass?: string;
  /** One of these libraries must be there, by name or path; absent where the framework brings its own. */
  readonly libraries?: readonly string[];
  /** Backend that one of the libraries brings. */
  readonly backend?: Backend;
  /** The attribute of its driver that tells the number by which a mask names it. */
  readonly moduleFile?: string;
  /** The variable by which a container is given some of the devices: those left out have no node in it. */
  readonly containerMask?: string;
}

export interface AcceleratorModel {
  readonly id: string;
  readonly name: string;
  /** By the maker's data sheet. */
  readonly memoryGiB?: number;
  /** Where masks count cores: how many it has, and how many of them a mask counts as one. */
  readonly cores?: number;
  readonly coresPerLogical?: number;
}

export const acceleratorKinds = table.kinds as readonly AcceleratorKind[];

/** An accelerator of a system on chip, by its kernel driver. */
export interface PlatformAcceleratorKind {
  readonly kind: string;
  readonly drivers: readonly string[];
  readonly vendor: Vendor;
  readonly name: string;
  readonly precisions: readonly Precision[];
  readonly features: readonly Feature[];
  readonly libraries: readonly string[];
  /** Mesa's library that computes on it as well, with the backend `tflite`. */
  readonly mesaDelegate: string;
  /** By a part of what the device tree calls it. */
  readonly models: readonly { readonly compatible: string; readonly name: string }[];
}

export const platformAccelerators = table.platforms as readonly PlatformAcceleratorKind[];

const helpers = table.helpers.map(({ pattern }) => new RegExp(`^(?:${pattern})$`));
const makers = new Map(table.otherVendors.map(({ vendorId, name }) => [Number.parseInt(vendorId, 16), name]));

/** Who makes it, where the maker makes nothing but accelerators. */
export function acceleratorMaker(vendorId: number): string | undefined {
  return makers.get(vendorId);
}

/**
 * Whether the bus calls it an accelerator: the class of processing accelerators, or the classes of co-processors and of
 * other system peripherals where its maker makes nothing else. Chips for one fixed function (compression …) are none.
 */
export function isAccelerator(pci: PciFunction): boolean {
  const pciClass = pci.classCode >>> 8;
  const isKind = pciClass === 0x1200 || ([0x0b40, 0x0880].includes(pciClass) && makers.has(pci.vendorId));
  return isKind && !helpers.some((pattern) => pattern.test(pciIdOf(pci)));
}
