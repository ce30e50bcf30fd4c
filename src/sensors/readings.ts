import type { Device, Machine, Quantity, Reading } from '../core/machine/machine.js';
import type { DeviceClass } from '../core/vocabulary/taxonomy.js';
import type { Host } from '../host/host.js';
import { chipOf, chipsNamed } from './hwmon.js';
import { askNvidia, followNvidia } from './nvidia.js';
import { raplPackagesOf } from './rapl.js';

/** Values by what they tell; what could not be read just now is left out. */
type Readings = Partial<Record<Quantity, number>>;

/** Sensors of a machine's devices. */
export interface Sensors {
  /** What reads each quantity of each device that has a sensor for it, for a person. */
  readonly sources: ReadonlyMap<string, Partial<Record<Quantity, string>>>;
  /** True when some are read by a tool, which takes its time; files do not. */
  readonly withTools: boolean;
  /** By device, what files tell. Energy goes on counting where a counter of the hardware starts anew. */
  readFiles(): ReadonlyMap<string, Readings>;
  /** Everything, by device. Never rejects; the signal ends tools. */
  read(signal?: AbortSignal): Promise<ReadonlyMap<string, Readings>>;
  /** Ids of the devices that a tool reads. */
  readonly toolDevices: ReadonlySet<string>;
  /**
   * Goes on reading what tools tell, several times a second, by one process.
   * @param onEnd No more comes: the tool cannot do that, or it ended.
   * @returns Ends it.
   */
  followTools(onReadings: (readings: ReadonlyMap<string, Readings>) => void, onEnd: () => void): () => void;
}

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
  const files = host.platform === 'linux' ? wanted.flatMap((device) => filesOf(host, device)) : [];
  const gpus = gpusByUuid(wanted);
  const sources = new Map<string, Partial<Record<Quantity, string>>>();
  for (const { device, quantity, source } of files) {
    sources.set(device, { ...sources.get(device), [quantity]: source });
  }
  for (const device of gpus.values()) sources.set(device, { temperature: 'nvidia-smi', power: 'nvidia-smi' });
  const readFiles = () => {
    const found = new Map<string, Readings>();
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

interface FileSensor {
  readonly device: string;
  readonly quantity: Quantity;
  readonly source: string;
  read(): number | undefined;
}

function filesOf(host: Host, device: Device): readonly FileSensor[] {
  if (device.class === 'cpu') return cpuFiles(host, device.id);
  const chip = device.pciAddress && chipOf(host, device.pciAddress);
  return chip ? chipFiles(host, device.id, chip) : [];
}

const cpuChips: ReadonlySet<string> = new Set(['coretemp', 'k10temp', 'zenpower', 'cpu_thermal']);

/** The hottest of all cores; all packages together. */
function cpuFiles(host: Host, device: string): readonly FileSensor[] {
  const chips = chipsNamed(host, cpuChips);
  const cores = chips.flatMap((chip) => filesNamed(host, chip, /^temp\d+_input$/));
  const inputs = cores.length > 0 ? cores : cpuZones(host);
  const counters = raplPackagesOf(host).map((directory) => ({
    path: `${directory}/energy_uj`,
    // Where it starts anew.
    range: numberIn(host, `${directory}/max_energy_range_uj`) ?? 0,
  }));
  return [
    ...(inputs.length === 0 ? [] : [hottest(host, device, inputs)]),
    ...(counters.length === 0 ? [] : [counter(host, device, counters, 'RAPL')]),
  ];
}

/** Boards without a sensor chip have thermal zones. */
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
function chipFiles(host: Host, device: string, chip: string): readonly FileSensor[] {
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
    ...(energy === undefined ? [] : [counter(host, device, [{ path: energy, range: 0 }], kernel)]),
  ];
}

const kernel = 'kernel sensor';

function hottest(host: Host, device: string, paths: readonly string[]): FileSensor {
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

/** The sum of counters in µJ, as one that never starts anew. */
function counter(
  host: Host,
  device: string,
  counters: readonly { readonly path: string; readonly range: number }[],
  source: string,
): FileSensor {
  const last = new Map<string, number>();
  let joules = 0;
  return {
    device,
    quantity: 'energy',
    source,
    read: () => {
      const now = counters.map(({ path }) => numberIn(host, path));
      if (now.includes(undefined)) return undefined;
      for (const [index, { path, range }] of counters.entries()) {
        const value = now[index] ?? 0;
        const before = last.get(path) ?? 0;
        // Without a known range nobody can tell what was counted in between.
        joules += (value >= before ? value - before : range > 0 ? range - before + value : 0) / 1e6;
        last.set(path, value);
      }
      return joules;
    },
  };
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
