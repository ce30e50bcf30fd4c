import type { MachineProblem } from '../../core/machine/machine.js';
import type { Vendor } from '../../core/vocabulary/taxonomy.js';
import { vendorByBrand } from './basic-driver.js';
import type { WindowsDevice } from './devices.js';

/** Whether it is a part of the host's GPU in a guest of Hyper-V (GPU-PV). It has an id of Microsoft and the name of the host's card. */
export function isPartition(pnpId: string): boolean {
  return /^PCI\\VEN_1414&DEV_008[AE]\b/i.test(pnpId);
}

/** The maker, by the vendor id; of a part of a host's GPU, by its name. */
export function vendorOf({ name, pnpId }: WindowsDevice): Vendor | undefined {
  if (isPartition(pnpId)) return vendorByBrand(name);
  const id = /^(?:PCI|ACPI)\\(?:VEN_)?([0-9A-Z]{4})/i.exec(pnpId)?.[1];
  return vendors[id?.toUpperCase() ?? ''];
}

/** Whether it is a GPU. Basic, remote and virtual display adapters have no vendor id of a GPU maker. */
export function isGpu(device: WindowsDevice): boolean {
  return isPartition(device.pnpId) || vendorOf(device) !== undefined;
}

/** What the code of the Device Manager says is wrong; undefined: the device works. */
export function deviceManagerFailure({ errorCode }: WindowsDevice): Required<MachineProblem> | undefined {
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

const vendors: Readonly<Record<string, Vendor>> = {
  '10DE': 'nvidia',
  '1002': 'amd',
  '1022': 'amd',
  '8086': 'intel',
  QCOM: 'qualcomm',
};
