const bytesPerUnit = {
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
} as const satisfies Record<string, number>;

const msPerUnit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const satisfies Record<string, number>;

/** What `parseBytes` takes, for messages. */
export const bytesSyntax = 'a size such as 512MB (1000-based), 2GiB (1024-based) or a number of bytes';

/** What `parseDuration` takes, for messages. */
export const durationSyntax = 'a time such as 500ms, 30s, 2m or 1h';

/**
 * A size as Jest reads it: `KB` … `TB` (or `K` … `T`) count by 1000, `KiB` … `TiB` by 1024, any case, bytes without a unit.
 * @returns Integer bytes ≥ 0, fractions rounded; undefined when the text is not a size or no exact integer can hold it.
 */
export function parseBytes(text: string): number | undefined {
  const [, amount, unit = 'b'] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b|[kmgt])?\s*$/i.exec(text) ?? [];
  const factor = own(bytesPerUnit, unit.toLowerCase());
  return amount === undefined || factor === undefined ? undefined : exact(Number(amount) * factor);
}

/**
 * A size for a person, in the largest 1024-based unit that is not above it, at most one decimal: `1.5 GiB`.
 * @param bytes ≥ 0.
 */
export function formatBytes(bytes: number): string {
  return inLargestUnit(bytes, [
    ['TiB', bytesPerUnit.tib],
    ['GiB', bytesPerUnit.gib],
    ['MiB', bytesPerUnit.mib],
    ['KiB', bytesPerUnit.kib],
    ['B', 1],
  ]);
}

/**
 * A time with its unit: `500ms`, `30s`, `2m`, `1h`; fractions allowed. A bare number is none: nobody can tell its unit.
 * @returns Integer ms ≥ 0, rounded; undefined when the text is not a time.
 */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*$/i.exec(text) ?? [];
  const factor = own(msPerUnit, unit.toLowerCase());
  return amount === undefined || factor === undefined ? undefined : exact(Number(amount) * factor);
}

/**
 * A time for a person, in the largest unit that is not above it, at most one decimal: `1.5 m`.
 * @param ms ≥ 0.
 */
export function formatDuration(ms: number): string {
  return inLargestUnit(ms, [
    ['h', msPerUnit.h],
    ['m', msPerUnit.m],
    ['s', msPerUnit.s],
    ['ms', 1],
  ]);
}

/**
 * A time that goes on, as a clock shows it: `0:05`, `2:10`, `1:02:10`.
 * @param ms ≥ 0.
 */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (count: number) => String(count).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}

function own(factors: Readonly<Record<string, number>>, unit: string): number | undefined {
  return Object.hasOwn(factors, unit) ? factors[unit] : undefined;
}

function exact(amount: number): number | undefined {
  const rounded = Math.round(amount);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

/** The unit is chosen after rounding in the next smaller one, so that 1023.96 KiB reads `1 MiB`, not `1024 KiB`. */
function inLargestUnit(amount: number, units: readonly (readonly [name: string, factor: number])[]): string {
  const roundedIn = (factor: number) => {
    const digits = factor === 1 ? 1 : 10;
    return Math.round((amount / factor) * digits) / digits;
  };
  const fits = (factor: number, smaller = 1) => roundedIn(smaller) * smaller >= factor;
  const [name, factor] = units.find(([, size], index) => fits(size, units[index + 1]?.[1])) ??
    units.at(-1) ?? ['', 1];
  return `${roundedIn(factor)} ${name}`;
}
