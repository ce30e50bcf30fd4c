import type { Device } from '../../../core/machine/machine.js';
import type { DeviceClass, Vendor } from '../../../core/vocabulary/taxonomy.js';
import type { BackendFinding } from '../../findings/probe.js';
import type { PythonAnswer, TriedDevice } from './answer.js';
import { type PythonBackend, pythonFrameworks } from './frameworks.js';

/** Whose devices a framework's kinds are. */
const kinds = {
  cpu: { class: 'cpu' },
  cuda: { class: 'gpu', vendor: 'nvidia' },
  rocm: { class: 'gpu', vendor: 'amd' },
  xpu: { class: 'gpu', vendor: 'intel' },
  mps: { class: 'gpu' },
  tpu: { class: 'tpu' },
  npu: { class: 'npu' },
} as const satisfies Record<TriedDevice['kind'], { readonly class: DeviceClass; readonly vendor?: Vendor }>;

/** Devices that a process of this machine may compute on, in the order in which frameworks number them. */
export function candidatesOf(kind: TriedDevice['kind'], devices: readonly Device[]): readonly Device[] {
  const { class: deviceClass, vendor }: { class: DeviceClass; vendor?: Vendor } = kinds[kind];
  return devices.filter(
    (device) =>
      device.usable &&
      device.architecture !== 'gpu-webgpu' &&
      device.class === deviceClass &&
      (vendor === undefined || device.vendor === vendor),
  );
}

/** What the answer says of each device: the backend where its product was right, else why not. */
export function findingsOf(
  backend: PythonBackend,
  answer: PythonAnswer,
  devices: readonly Device[],
): readonly BackendFinding[] {
  const matches = answer.devices.map((tried) => ({ tried, ids: matching(tried, devices) }));
  const owner = ownerOf(backend, answer);
  return devices
    .filter(({ usable, architecture }) => usable && architecture !== 'gpu-webgpu')
    .flatMap((device): BackendFinding[] => {
      const [exact, ...rest] = matches.filter(({ ids }) => ids.includes(device.id));
      const right = [exact, ...rest].find((match) => match?.tried.failure === null)?.tried;
      if (right !== undefined) {
        const source = `${owner} multiplied matrices on ${right.kind}:${right.index}`;
        return [{ deviceId: device.id, backend, evidence: { confidence: 'probed', source } }];
      }
      // A slice is the chip that it is cut from, of which a process sees one slice at a time.
      const twin = matches.find(({ tried, ids }) => tried.failure === null && isTwin(device, ids, devices));
      if (exact === undefined && twin !== undefined) {
        const source = `${owner} multiplied matrices on another part of the same chip`;
        return [{ deviceId: device.id, backend, evidence: { confidence: 'inferred', source } }];
      }
      // What another package has brought to the device, this framework does not take away.
      if (device.backends.includes(backend)) return [];
      const reason =
        exact?.tried.failure ??
        answer.failure ??
        unseenReason(device, answer) ??
        loggedReason(device, answer) ??
        'sees no such device';
      return [{ deviceId: device.id, backend, evidence: undefined, reason: `${owner}: ${reason}` }];
    });
}

/** `PyTorch 2.11.0 of Python 3.12.3`. */
export function ownerOf(backend: PythonBackend, { version = '', python }: PythonAnswer): string {
  return `${`${pythonFrameworks[backend].title} ${version}`.trim()} of Python ${python.version}`;
}

function matching(tried: TriedDevice, devices: readonly Device[]): readonly string[] {
  const candidates = candidatesOf(tried.kind, devices);
  const { uuid, pci, index } = tried;
  if (uuid !== undefined) {
    const found = candidates.filter((device) => withoutPrefix(device.uuid) === withoutPrefix(uuid));
    if (found.length > 0) return found.map(({ id }) => id);
  }
  if (pci !== undefined) {
    const found = candidates.filter((device) => device.pciAddress?.toLowerCase() === pci.toLowerCase());
    if (found.length > 0) return found.slice(0, 1).map(({ id }) => id);
  }
  const byNumber = candidates[index];
  const isKnownOther =
    byNumber !== undefined &&
    ((uuid !== undefined && byNumber.uuid !== undefined && !byNumber.uuid.startsWith('MIG-')) ||
      (pci !== undefined && byNumber.pciAddress !== undefined));
  return byNumber === undefined || isKnownOther ? [] : [byNumber.id];
}

/** Without the maker's prefix, which some frameworks leave out. */
function withoutPrefix(uuid: string | undefined): string | undefined {
  return uuid?.toLowerCase().replace(/^(gpu|mig)-/, '');
}

function isTwin(device: Device, ids: readonly string[], devices: readonly Device[]): boolean {
  const { pciAddress, id } = device;
  return (
    pciAddress !== undefined &&
    id.includes('.') &&
    devices.some((other) => ids.includes(other.id) && other.pciAddress === pciAddress)
  );
}

function loggedReason(device: Device, { logged }: PythonAnswer): string | undefined {
  return device.class === 'gpu' && logged !== undefined ? `it logged: ${logged}` : undefined;
}

function unseenReason(device: Device, { unseen }: PythonAnswer): string | undefined {
  const kind = (Object.keys(kinds) as TriedDevice['kind'][]).find(
    (each) => unseen[each] !== undefined && candidatesOf(each, [device]).length > 0,
  );
  return kind && unseen[kind];
}
