import type { Device, Quantity } from '../core/machine/machine.js';
import type { Host } from '../host/host.js';
import { chipOf, chipsNamed } from './hwmon.js';
import { raplPackagesOf } from './rapl.js';

/** One quantity of one device that is read from files. */
export interface KernelSensor {
  readonly device: string;
  readonly quantity: Quantity;
  readonly source: string;
  read(): number | undefined;
}

/** The sensors of a device that Linux's kernel offers as files; empty where it has none. */
export function kernelSensorsOf(host: Host, device: Device): readonly KernelSensor[] {
  if (device.class === 'cpu') return cpuSensors(host, device.id);
  const chip = device.pciAddress && chipOf(host, device.pciAddress);
  return chip ? chipSensors(host, device.id, chip) : [];
}

/** Sensor chips of CPUs, by the names of their drivers: Intel, AMD (two drivers), ARM boards. */
const cpuChips: ReadonlySet<string> = new Set(['coretemp', 'k10temp', 'zenpower', 'cpu_thermal']);

/** Temperature: that of the hottest core. Energy: the sum of all packages. */
function cpuSensors(host: Host, device: string): readonly KernelSensor[] {
  const chips = chipsNamed(host, cpuChips);
  const cores = chips.flatMap((chip) => filesNamed(host, chip, /^temp\d+_input$/));
  const inputs = cores.length > 0 ? cores : cpuZones(host);
  const counters = raplPackagesOf(host).map((directory) => ({
    path: `${directory}/energy_uj`,
    // The value at which the counter wraps around to 0.
    wrapsAt: numberIn(host, `${directory}/max_energy_range_uj`) ?? 0,
  }));
  return [
    ...(inputs.length === 0 ? [] : [hottest(host, device, inputs)]),
    ...(counters.length === 0 ? [] : [counter(host, device, counters, 'RAPL')]),
  ];
}

/** Thermal zones of the CPU, for boards that have no sensor chip. */
function cpuZones(host: Host): readonly string[] {
  const zones = '/sys/class/thermal';
  return host
    .readDirectory(zones)
    .filter((name) =>
      /^(x86_pkg_temp|(cpu|soc)\d*[-_]?.*thermal)/.test(host.readFile(`${zones}/${name}/type`) ?? ''),
    )
    .map((name) => `${zones}/${name}/temp`);
}

/** Temperature of the chip's edge (its hottest spot and its memory may get hotter than the limits of heat.ts), power, a counter. */
function chipSensors(host: Host, device: string, chip: string): readonly KernelSensor[] {
  const first = (names: readonly string[]) =>
    names.map((name) => `${chip}/${name}`).find((path) => host.exists(path));
  const temperature = first(['temp1_input']);
  const power = first(['power1_average', 'power1_input']);
  const energy = first(['energy1_input']);
  return [
    ...(temperature === undefined ? [] : [hottest(host, device, [temperature])]),
    ...(power === undefined
      ? []
      : [
          {
            device,
            quantity: 'power' as const,
            source: kernel,
            read: () => scaled(numberIn(host, power), 1e-6),
          },
        ]),
    ...(energy === undefined ? [] : [counter(host, device, [{ path: energy, wrapsAt: 0 }], kernel)]),
  ];
}

const kernel = 'kernel sensor';

function hottest(host: Host, device: string, paths: readonly string[]): KernelSensor {
  return {
    device,
    quantity: 'temperature',
    source: kernel,
    read: () => {
      const celsius = paths.map((path) => (numberIn(host, path) ?? 0) / 1000).filter((each) => each > 0);
      return celsius.length === 0 ? undefined : Math.max(...celsius);
    },
  };
}

/** The sum of several counters in µJ, as one in J that never wraps around. */
function counter(
  host: Host,
  device: string,
  counters: readonly { readonly path: string; readonly wrapsAt: number }[],
  source: string,
): KernelSensor {
  const last = new Map<string, number>();
  let joules = 0;
  return {
    device,
    quantity: 'energy',
    source,
    read: () => {
      const now = counters.map(({ path }) => numberIn(host, path));
      if (now.includes(undefined)) return undefined;
      for (const [index, { path, wrapsAt }] of counters.entries()) {
        const value = now[index] ?? 0;
        const before = last.get(path) ?? 0;
        // A counter that wrapped around at an unknown value adds nothing: what it counted in between is lost.
        joules += (value >= before ? value - before : wrapsAt > 0 ? wrapsAt - before + value : 0) / 1e6;
        last.set(path, value);
      }
      return joules;
    },
  };
}

function filesNamed(host: Host, directory: string, pattern: RegExp): readonly string[] {
  return host
    .readDirectory(directory)
    .filter((name) => pattern.test(name))
    .map((name) => `${directory}/${name}`);
}

function numberIn(host: Host, path: string): number | undefined {
  const text = host.readFile(path)?.trim();
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
