import type { Host } from '../../host/host.js';
import { labelsOf, sourced } from '../findings/device-draft.js';
import { type FoundDevice, numberedFindings, type Obstacle } from '../findings/numbered-findings.js';
import type { Probe } from '../findings/probe.js';
import { nodeObstacle } from '../system/closed-node.js';
import { libraryPath } from '../system/library.js';
import { parseUsbUevent } from '../system/uevent.js';

/** Coral's USB accelerator, which changes its identity once its firmware is loaded. */
export const coralUsb: Probe = async (host) =>
  numberedFindings(
    host.readDirectory(bus).flatMap((name) => {
      // Names with a colon are interfaces of a device.
      const id = name.includes(':') ? undefined : usbIdIn(host, name);
      return id !== undefined && ids.has(id) ? [foundAs(id, name, host)] : [];
    }),
  );

const bus = '/sys/bus/usb/devices';

/** Before and after the firmware. */
const ids: ReadonlySet<string> = new Set(['1a6e:089a', '18d1:9302']);

function usbIdIn(host: Host, name: string): string | undefined {
  const told = parseUsbUevent(host.readFile(`${bus}/${name}/uevent`) ?? '');
  if (told !== undefined) {
    return [told.vendorId, told.productId].map((id) => id.toString(16).padStart(4, '0')).join(':');
  }
  const parts = ['idVendor', 'idProduct'].map((file) => host.readFile(`${bus}/${name}/${file}`)?.trim());
  return parts.includes(undefined) ? undefined : parts.join(':');
}

function foundAs(id: string, name: string, host: Host): FoundDevice {
  const library = libraryPath(host, 'libedgetpu.so.1');
  const source = `USB id ${id}`;
  const because = { confidence: 'spec', source: `Edge TPU by ${source}` } as const;
  return {
    draft: {
      class: 'tpu',
      software: false,
      vendor: sourced('google', 'probed', source),
      architecture: sourced('tpu', 'inferred', source),
      model: sourced('Coral Edge TPU (USB)', 'probed', source),
      backends: library === undefined ? {} : { tflite: { confidence: 'inferred', source: library } },
      precisions: labelsOf(['int8'], because),
      features: labelsOf(['quantization'], because),
    },
    obstacle: accessTo(name, host) ?? (library === undefined ? withoutLibrary : undefined),
  };
}

const withoutLibrary: Obstacle = {
  message: 'cannot compute: no libedgetpu.so.1',
  remedy: 'install libedgetpu1-std',
};

/** Its node, `/dev/bus/usb/001/004`, by the numbers of its bus and of itself. */
function accessTo(name: string, host: Host): Obstacle | undefined {
  const number = (file: string) => host.readFile(`${bus}/${name}/${file}`)?.trim().padStart(3, '0');
  const [busNumber, own] = [number('busnum'), number('devnum')];
  if (busNumber === undefined || own === undefined) return undefined;
  const node = `/dev/bus/usb/${busNumber}/${own}`;
  return nodeObstacle(host, node, {
    message: `cannot compute: no ${node}`,
    remedy: 'in a container pass the bus: --device /dev/bus/usb, its id changes with the first use',
  });
}
