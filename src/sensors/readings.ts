import type { Device, Machine, Quantity, Reading } from '../core/machine/machine.js';
import type { DeviceClass } from '../core/vocabulary/taxonomy.js';
import type { Host } from '../host/host.js';
import { kernelSensorsOf } from './kernel.js';
import { askNvidia, followNvidia } from './nvidia.js';
import type { DeviceReadings, Sensors } from './sensors.js';

/**
 * CPUs and GPUs of AMD and Intel: files of Linux's kernel. NVIDIA GPUs: `nvidia-smi`, one process for all of them.
 * Elsewhere there are none that a process without special rights may read.
 * @param host A live one must not keep answers of tools: these are never the same twice.
 * @param classes Devices of other classes are not looked at; left out: all are.
 */
export function sensorsOf(
  host: Host,
  { devices }: Pick<Machine, 'devices'>,
  classes?: ReadonlySet<DeviceClass>,
): Sensors {
  const wanted = devices.filter((device) => device.usable && classes?.has(device.class) !== false);
  const files = host.platform === 'linux' ? wanted.flatMap((device) => kernelSensorsOf(host, device)) : [];
  const gpus = gpusByUuid(wanted);
  const sources = new Map<string, Partial<Record<Quantity, string>>>();
  for (const { device, quantity, source } of files) {
    sources.set(device, { ...sources.get(device), [quantity]: source });
  }
  for (const device of gpus.values()) sources.set(device, { temperature: 'nvidia-smi', power: 'nvidia-smi' });
  const readFiles = () => {
    const found = new Map<string, DeviceReadings>();
    for (const { device, quantity, read } of files) {
      const value = read();
      if (value !== undefined) found.set(device, { ...found.get(device), [quantity]: value });
    }
    return found;
  };
  return {
    sources,
    withTools: gpus.size > 0,
    readFiles,
    toolDevices: new Set(gpus.values()),
    followTools: (onReadings, onEnd) => followNvidia(host, gpus, onReadings, onEnd),
    read: async (signal) => {
      const told = gpus.size === 0 ? [] : await askNvidia(host, gpus, signal);
      return new Map([...readFiles(), ...told]);
    },
  };
}

const units = { temperature: '°C', power: 'W', energy: 'J' } as const satisfies Record<
  Quantity,
  Reading['unit']
>;

/** The machine with what its sensors say now. */
export async function withReadings(machine: Machine, host: Host): Promise<Machine> {
  const { sources, read } = sensorsOf(host, machine);
  if (sources.size === 0) return machine;
  const found = await read();
  const devices = machine.devices.map((device) => {
    const own = sources.get(device.id);
    if (own === undefined) return device;
    const entries = Object.entries(own).map(([name, source]) => {
      const value = found.get(device.id)?.[name as Quantity];
      const rounded = value === undefined ? undefined : Math.round(value * 10) / 10;
      const reading =
        rounded === undefined ? null : { value: rounded, unit: units[name as Quantity], source };
      return [name, reading];
    });
    return { ...device, sensors: Object.fromEntries(entries) as NonNullable<Device['sensors']> };
  });
  return { ...machine, devices };
}

/** Slices share the heat of their GPU, whose UUID they do not tell. */
function gpusByUuid(devices: readonly Device[]): ReadonlyMap<string, string> {
  return new Map(
    devices.flatMap(({ id, bindingEnv }) => {
      const uuid = bindingEnv?.['CUDA_VISIBLE_DEVICES'] ?? '';
      return uuid.startsWith('GPU-') ? [[uuid, id] as const] : [];
    }),
  );
}
