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

/**
 * The inverse of {@link textOf}. The text may come from somebody else: nothing is made of it but data.
 * @throws Error for a text that is none.
 */
export function valueFrom(text: string): unknown {
  if (!text.startsWith(packedMark)) return JSON.parse(text);
  const records: unknown = JSON.parse(text.slice(packedMark.length));
  if (!Array.isArray(records)) throw new Error('it holds something else than data');
  return deserialize(records.map(dataOf) as unknown as Parameters<typeof deserialize>[0]);
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

/**
 * A part of a packed text, as data. The package takes what it does not know for the name of a global class or function, and
 * calls it: `fetch`, `WebSocket`.
 */
function dataOf(part: unknown): unknown {
  const [type, value] = Array.isArray(part) ? (part as readonly unknown[]) : [];
  if (type === errorType) {
    const { name, message } = value as { readonly name: unknown; readonly message: unknown };
    return [errorType, { name: errorNames.has(name) ? name : 'Error', message: String(message) }];
  }
  const isKnown = typeof type === 'number' && type >= -1 && type <= bigintType;
  if (!isKnown && !dataTypes.has(type)) throw new Error('it holds something else than data');
  return part;
}

/** Numbers and names of the package. */
const errorType = 7;
const bigintType = 8;
const dataTypes: ReadonlySet<unknown> = new Set([
  'BigInt',
  'Boolean',
  'Number',
  'String',
  'ArrayBuffer',
  'DataView',
  '-0',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
]);
const errorNames: ReadonlySet<unknown> = new Set([
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
]);
