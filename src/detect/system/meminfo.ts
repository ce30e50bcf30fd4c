/** No machine has as much memory: a larger figure stands for "no limit" or is damaged. */
export const believableBytes = 2 ** 50;

/** Bytes of one line of `/proc/meminfo`: `MemTotal:  67108864 kB`. Undefined when the line is missing or absurd. */
export function meminfoBytes(text: string, name: string): number | undefined {
  const kibibytes = parseAmount(new RegExp(`^${name}:[ \\t]*(\\d+) kB$`, 'm').exec(text)?.[1] ?? '');
  const bytes = (kibibytes ?? Number.NaN) * 1024;
  return bytes < believableBytes ? bytes : undefined;
}

/** Bytes that are reserved as huge pages of the default size; 0 where the text does not tell. */
export function hugePageBytes(text: string): number {
  const pages = parseAmount(/^HugePages_Total:\s*(\d+)$/m.exec(text)?.[1] ?? '') ?? 0;
  return pages * (meminfoBytes(text, 'Hugepagesize') ?? 0);
}

/** A plain decimal number ≥ 0, as kernel files hold it; undefined for every other text. */
export function parseAmount(text: string): number | undefined {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}
