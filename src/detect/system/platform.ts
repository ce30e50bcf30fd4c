import type { Host } from '../../host/host.js';

/** A device of a system on chip that the kernel offers a node for. It hangs on no bus that lists it. */
export interface PlatformDevice {
  /** `/dev/dri/renderD128`, `/dev/accel/accel0`. */
  readonly node: string;
  readonly driver: string;
  /** What the device tree calls it, the most exact name first: `rockchip,rk3588-mali`, `arm,mali-valhall-csf`. */
  readonly compatible: readonly string[];
}

/** Devices with a render or an accelerator node and a driver that are not on the PCI bus, in the order of their nodes. */
export function platformDevicesOf(host: Host): readonly PlatformDevice[] {
  return [
    ...devicesIn(host, 'drm', /^renderD\d+$/, '/dev/dri'),
    ...devicesIn(host, 'accel', /^accel\d+$/, '/dev/accel'),
  ];
}

function devicesIn(host: Host, name: string, pattern: RegExp, nodes: string): readonly PlatformDevice[] {
  return host
    .readDirectory(`/sys/class/${name}`)
    .filter((entry) => pattern.test(entry))
    .sort((a, b) => numberIn(a) - numberIn(b))
    .flatMap((entry) => {
      const uevent = host.readFile(`/sys/class/${name}/${entry}/device/uevent`) ?? '';
      const driver = /^DRIVER=(\S+)$/m.exec(uevent)?.[1];
      // What has a vendor is on a bus that lists it.
      const isOnBus = /^PCI_ID=/m.test(uevent) || host.exists(`/sys/class/${name}/${entry}/device/vendor`);
      if (driver === undefined || isOnBus) return [];
      const compatible = [...uevent.matchAll(/^OF_COMPATIBLE_\d+=(\S+)$/gm)].map(([, text = '']) => text);
      return [{ node: `${nodes}/${entry}`, driver, compatible }];
    });
}

function numberIn(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0);
}
