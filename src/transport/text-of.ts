import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { deserialize, serialize } from '@ungap/structured-clone';

/** Any value as text, also one with cycles and bigints, which a test may have put into its result. */
export function textOf(value: unknown): string {
  try {
    return JSON.stringify(value ?? null);
  } catch {
    return `${packedMark}${JSON.stringify(serialize(value, { json: true }))}`;
  }
}

/** The inverse of {@link textOf}. */
export function valueFrom(text: string): unknown {
  return text.startsWith(packedMark)
    ? deserialize(JSON.parse(text.slice(packedMark.length)))
    : JSON.parse(text);
}

/** The text in parts of at most {@link partCharacters}, compressed. */
export async function partsOf(text: string): Promise<readonly string[]> {
  const packed = (await promisify(gzip)(text, { level: 1 })).toString('base64');
  return Array.from({ length: Math.ceil(packed.length / partCharacters) }, (_, index) =>
    packed.slice(index * partCharacters, (index + 1) * partCharacters),
  );
}

/** The inverse of {@link partsOf}. */
export async function joined(parts: readonly string[]): Promise<string> {
  const packed = Buffer.from(parts.join(''), 'base64');
  return (await promisify(gunzip)(packed, { maxOutputLength: mostCharacters })).toString('utf8');
}

/** Longer texts travel in parts of this size: 64 KiB take 5 ms at 100 Mbit/s, which other messages may wait. A multiple of 4, as base64 needs. */
export const partCharacters = 64 * 1024;

/** As much as one text may hold. */
const mostCharacters = 512 * 1024 * 1024 - 1024;

/** No JSON begins with it. */
const packedMark = '!';
