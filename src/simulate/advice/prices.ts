import { readFileSync } from 'node:fs';
import { nearest } from '../../core/vocabulary/nearest.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { parseJson } from '../../json/read.js';
import type { MachineKind } from './machine-kinds.js';

/** More than any machine costs, in any currency. */
const mostPrice = 1e9;

/**
 * The kinds with the prices that a file gives them: a JSON object with a price per hour for each kind, or null for a kind
 * that cannot be had, which is left out.
 * @throws {UsageError} with file and line.
 */
export function withPrices(kinds: readonly MachineKind[], path: string): readonly MachineKind[] {
  const { value, lineOf } = parseJson(textOf(path), path);
  const names = kinds.map(({ name }) => name);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError({
      file: path,
      line: 1,
      message: 'this is no table of prices',
      expected: `an object with a price per hour for each kind of machine: {"${names[0]}": 0.5}`,
      found: Array.isArray(value) ? 'a list' : JSON.stringify(value),
    });
  }
  for (const [name, price] of Object.entries(value)) {
    const place = { file: path, line: lineOf([name]) };
    if (!names.includes(name)) {
      const near = nearest(name, names);
      throw new UsageError({
        ...place,
        message: `there is no kind of machine \`${name}\``,
        expected: `one of ${names.join(', ')}`,
        ...(near !== undefined && { remedy: `write \`${near}\`` }),
      });
    }
    if (price !== null && !(typeof price === 'number' && price >= 0 && price <= mostPrice)) {
      throw new UsageError({
        ...place,
        message: `the price of \`${name}\` is wrong`,
        expected: `a price per hour, a number from 0 to ${mostPrice}, or null for a kind that cannot be had`,
        found: JSON.stringify(price),
      });
    }
  }
  const prices = new Map(Object.entries(value as Record<string, number | null>));
  const priced = kinds.flatMap((kind) => {
    const price = prices.has(kind.name) ? prices.get(kind.name) : kind.pricePerHour;
    if (price === undefined) {
      throw new UsageError({
        file: path,
        line: 1,
        message: `\`${kind.name}\` has no price`,
        expected: `a price per hour for each of ${names.join(', ')}`,
        remedy: `add "${kind.name}", with null if it cannot be had`,
      });
    }
    return price === null ? [] : [{ ...kind, pricePerHour: price }];
  });
  if (priced.length > 0) return priced;
  throw new UsageError({
    file: path,
    line: 1,
    message: 'no kind of machine can be had: all prices are null',
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError({ file: path, message: 'the prices cannot be read', found }, { cause });
  }
}
