import type { AttemptSummary } from '../summary/attempts.js';
import type { DeviceSummary, MachineSummary } from '../summary/machines.js';
import type { RunSummary } from '../summary/summary.js';
import { own, plainText } from './attributes.js';
import { type Attributes, attributesOf } from './span.js';

/** Where an attempt ran. */
export type DeviceAttributes = (attempt: AttemptSummary) => Attributes;

/** Of several devices, `hw.…` tells the first that is no CPU. */
export function deviceAttributesIn({ machines }: RunSummary): DeviceAttributes {
  const places = new Map(
    machines.flatMap((machine) =>
      machine.devices.map((device) => [device.type, attributesAt(machine, device)] as const),
    ),
  );
  const classes = new Map(machines.flatMap(({ devices }) => devices.map((each) => [each.type, each.class])));
  return ({ deviceTypes }) => {
    const main = deviceTypes.find((type) => classes.get(type) !== 'cpu') ?? deviceTypes[0];
    const devices = { [own('devices')]: deviceTypes.map(plainText) };
    return { ...places.get(main ?? ''), ...(deviceTypes.length > 1 && devices) };
  };
}

function attributesAt(machine: MachineSummary, device: DeviceSummary): Attributes {
  const { name, platform, arch } = machine;
  const text = (value: string | undefined) => (value === undefined ? undefined : plainText(value));
  return attributesOf({
    [own('machine')]: plainText(name),
    'os.type': platform === 'win32' ? 'windows' : plainText(platform),
    'host.arch': architectures[arch] ?? plainText(arch),
    'hw.id': plainText(device.type),
    'hw.type': device.class,
    'hw.name': plainText(device.id),
    'hw.model': text(device.model),
    'hw.vendor': device.vendor,
    'hw.driver_version': text(device.driver),
    [own('device.memory_bytes')]: device.memoryBytes,
    [own('device.software')]: device.software || undefined,
    [own('device.origin')]: device.origin,
  });
}

/** Node's names by those of the semantic conventions, where they differ. */
const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: 'x86',
  arm: 'arm32',
  ppc: 'ppc32',
};
