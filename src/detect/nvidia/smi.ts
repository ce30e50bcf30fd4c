import { pciAddressOf } from '../system/uevent.js';

/** One GPU as `nvidia-smi --query-gpu=… --format=csv,noheader,nounits` prints it; absent where it says `[N/A]`. */
export interface NvidiaGpu {
  readonly index: number;
  readonly uuid?: string;
  readonly name: string;
  /** As `/sys/bus/pci/devices` writes it. */
  readonly pciAddress?: string;
  readonly memoryBytes?: number;
  /** Of `memoryBytes`, what the driver and the firmware keep to themselves. */
  readonly reservedMemoryBytes?: number;
  readonly freeMemoryBytes?: number;
  readonly driverVersion?: string;
  /** `8.9` for compute capability 8.9. */
  readonly computeCapability?: number;
  /** `Enabled`, `Disabled`; absent on GPUs that cannot be cut into slices. */
  readonly migMode?: string;
  /** `Default`, `Exclusive_Process`, `Prohibited`. */
  readonly computeMode?: string;
  /** What the tool says in place of a value where the GPU does not work: `GPU is lost`. */
  readonly fault?: string;
  /** True where it is known to share the machine's RAM, whatever its compute capability. */
  readonly integrated?: boolean;
}

/** Fields that every driver knows, in the order in which they are asked for; those that old drivers reject follow. */
export const basicFields = [
  'index',
  'uuid',
  'name',
  'memory.total',
  'driver_version',
  'compute_mode',
] as const;
export const allFields = [
  ...basicFields,
  'mig.mode.current',
  'compute_cap',
  'pci.bus_id',
  'memory.reserved',
  'memory.free',
] as const;
export type NvidiaSmiField = (typeof allFields)[number];

/** What `nvidia-smi` printed: a row for each GPU it reaches, and other lines, which are about single cards or no answer at all. */
export interface NvidiaSmiAnswer {
  readonly gpus: readonly NvidiaGpu[];
  readonly notes: readonly string[];
}

/**
 * Reads every line by itself: the tool prints warnings between rows. Rows may be shorter than what was asked for, as
 * those of hosts that were recorded when fewer fields were.
 */
export function parseNvidiaSmi(text: string, fields: readonly NvidiaSmiField[]): NvidiaSmiAnswer {
  const gpus: NvidiaGpu[] = [];
  const notes: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const row = parseRow(line, fields);
    if (row === undefined || gpus.some(({ index }) => index === row.index)) notes.push(line.trim());
    else gpus.push(row);
  }
  return { gpus, notes };
}

/** Which GPU a line is about, as far as it says so. */
export interface GpuMentioned {
  readonly pciAddress?: string | undefined;
  readonly uuid?: string | undefined;
  readonly index?: number | undefined;
}

export function gpuMentionedIn(line: string): GpuMentioned | undefined {
  // Some drivers leave out a digit of the domain.
  const [, domain, place] = /([0-9a-f]{3,8}):([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])/i.exec(line) ?? [];
  if (domain !== undefined) return { pciAddress: pciAddressOf(`${domain.padStart(4, '0')}:${place}`) };
  const uuid = /GPU-[0-9a-f]{8}-[0-9a-f-]+/i.exec(line)?.[0];
  if (uuid !== undefined) return { uuid };
  const index = /\bGPU[ #]*(\d{1,2})(?!\d|[:.]\d|-)/i.exec(line)?.[1];
  return index === undefined ? undefined : { index: Number(index) };
}

/** Whether a line names this GPU. */
export function isAbout(line: string, gpu: Pick<NvidiaGpu, 'index' | 'uuid' | 'pciAddress'>): boolean {
  const named = gpuMentionedIn(line);
  if (named === undefined) return false;
  if (named.pciAddress !== undefined) return named.pciAddress === gpu.pciAddress;
  return named.uuid === undefined ? named.index === gpu.index : named.uuid === gpu.uuid;
}

/** Whether a line, or a cell of a row, says that its GPU does not work. */
export function isFault(text: string): boolean {
  return /\blost\b|fallen off|requires? reset|reset required|unable to determine the device handle|unknown error|\bERR!/i.test(
    text,
  );
}

function parseRow(line: string, fields: readonly NvidiaSmiField[]): NvidiaGpu | undefined {
  const cells = line.split(',').map((cell) => cell.trim());
  if (cells.length > fields.length || cells.length < basicFields.length) return undefined;
  const value = (field: NvidiaSmiField) => {
    const cell = cells[fields.indexOf(field)] ?? '';
    return /^$|^\[.*\]$|^N\/A$|^ERR!$/i.test(cell) ? undefined : cell;
  };
  const index = value('index');
  const fault = cells.find((cell) => /^\[.*\]$|^ERR!$/.test(cell) && isFault(cell));
  const name = value('name') ?? (fault && 'NVIDIA GPU');
  const computeCapability = Number(value('compute_cap'));
  if (index === undefined || !/^\d{1,4}$/.test(index) || name === undefined) return undefined;
  return {
    index: Number(index),
    name,
    ...optional('uuid', value('uuid')),
    ...optional('pciAddress', pciAddressOf(value('pci.bus_id') ?? '')),
    ...optional('memoryBytes', bytesOf(value('memory.total'), 1)),
    ...optional('reservedMemoryBytes', bytesOf(value('memory.reserved'), 0)),
    ...optional('freeMemoryBytes', bytesOf(value('memory.free'), 0)),
    ...optional('driverVersion', value('driver_version')),
    ...optional(
      'computeCapability',
      computeCapability > 0 && computeCapability < 100 ? computeCapability : undefined,
    ),
    ...optional('migMode', value('mig.mode.current')),
    ...optional('computeMode', value('compute_mode')),
    ...optional('fault', fault?.replace(/^\[(.*)\]$/, '$1')),
  };
}

/** No card has as much as 64 TiB: what claims more is no figure. */
const mostMemoryMib = 2 ** 26;

function bytesOf(mib: string | undefined, least: number): number | undefined {
  const count = Number(mib ?? Number.NaN);
  return count >= least && count < mostMemoryMib ? count * 1024 ** 2 : undefined;
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
