/** Who a PCI function is, out of its `uevent` in sysfs. */
export interface PciIdentity {
  /** 24 bits: class, subclass, interface; `0x030000` is a VGA controller. */
  readonly classCode: number;
  readonly vendorId: number;
  readonly deviceId: number;
  /** Absent when no driver is bound. */
  readonly driver?: string;
  readonly address?: string;
}

export function parsePciUevent(text: string): PciIdentity | undefined {
  const ids = /^PCI_ID=([0-9a-f]{4}):([0-9a-f]{4})$/im.exec(text);
  if (ids === null) return undefined;
  const driver = /^DRIVER=(\S+)$/m.exec(text)?.[1];
  const address = pciAddressOf(/^PCI_SLOT_NAME=(\S+)$/m.exec(text)?.[1] ?? '');
  return {
    classCode: Number.parseInt(/^PCI_CLASS=([0-9a-f]{1,6})$/im.exec(text)?.[1] ?? '0', 16),
    vendorId: Number.parseInt(ids[1] ?? '', 16),
    deviceId: Number.parseInt(ids[2] ?? '', 16),
    ...(driver !== undefined && { driver }),
    ...(address !== undefined && { address }),
  };
}

/** `0000:01:00.0` for that and for `00000000:01:00.0`, in lower case; undefined for what is no PCI address. */
export function pciAddressOf(text: string): string | undefined {
  const found = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$/i.exec(text.trim());
  if (found === null) return undefined;
  const domain = Number.parseInt(found[1] ?? '0', 16)
    .toString(16)
    .padStart(4, '0');
  return `${domain}:${found[2]}`.toLowerCase();
}

/** Sorts by address: domains beyond four digits come last. */
export function comparePciAddresses(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** Vendor and product of a USB device: `PRODUCT=18d1/9302/100`. */
export function parseUsbUevent(
  text: string,
): { readonly vendorId: number; readonly productId: number } | undefined {
  const found = /^PRODUCT=([0-9a-f]{1,4})\/([0-9a-f]{1,4})\//im.exec(text);
  if (found === null) return undefined;
  return { vendorId: Number.parseInt(found[1] ?? '', 16), productId: Number.parseInt(found[2] ?? '', 16) };
}
