/** One GPU as `nvidia-smi --query-gpu=… --format=csv,noheader,nounits` prints it; absent where it says `[N/A]`. */
export interface NvidiaGpu {
  readonly index: number;
  readonly uuid?: string;
  readonly name: string;
  readonly memoryBytes?: number;
  readonly driverVersion?: string;
  /** `8.9` for compute capability 8.9. */
  readonly computeCapability?: number;
  /** `Enabled`, `Disabled`; absent on GPUs that cannot be cut into slices. */
  readonly migMode?: string;
  /** `Default`, `Exclusive_Process`, `Prohibited`. */
  readonly computeMode?: string;
}

/** Fields that every driver knows, then those that old ones reject. */
export const basicFields = [
  'index',
  'uuid',
  'name',
  'memory.total',
  'driver_version',
  'compute_mode',
] as const;
export const allFields = [...basicFields, 'mig.mode.current', 'compute_cap'] as const;
export type NvidiaSmiField = (typeof allFields)[number];

/** The rows, or the first line that is not one. An empty answer has no rows. */
export function parseNvidiaSmi(
  text: string,
  fields: readonly NvidiaSmiField[],
): readonly NvidiaGpu[] | { readonly garbage: string } {
  const rows: NvidiaGpu[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const row = parseRow(line, fields);
    if (row === undefined || rows.some(({ index }) => index === row.index)) return { garbage: line.trim() };
    rows.push(row);
  }
  return rows;
}

function parseRow(line: string, fields: readonly NvidiaSmiField[]): NvidiaGpu | undefined {
  const cells = line.split(',').map((cell) => cell.trim());
  if (cells.length !== fields.length) return undefined;
  const value = (field: NvidiaSmiField) => {
    const cell = cells[fields.indexOf(field)] ?? '';
    return /^$|^\[.*\]$|^N\/A$/i.test(cell) ? undefined : cell;
  };
  const index = value('index');
  const name = value('name');
  const memoryMib = Number(value('memory.total'));
  const computeCapability = Number(value('compute_cap'));
  if (index === undefined || !/^\d{1,4}$/.test(index) || name === undefined) return undefined;
  return {
    index: Number(index),
    name,
    ...optional('uuid', value('uuid')),
    ...optional('memoryBytes', memoryMib > 0 && memoryMib < 2 ** 32 ? memoryMib * 1024 ** 2 : undefined),
    ...optional('driverVersion', value('driver_version')),
    ...optional(
      'computeCapability',
      computeCapability > 0 && computeCapability < 100 ? computeCapability : undefined,
    ),
    ...optional('migMode', value('mig.mode.current')),
    ...optional('computeMode', value('compute_mode')),
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
