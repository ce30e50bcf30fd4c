import { limits } from '../core/vocabulary/limits.js';
import type { UsageProblem } from '../core/vocabulary/usage-error.js';

/**
 * Values that Jest would lose on the way to its workers: options travel as JSON.
 * @param path What to call `value` in messages.
 * @returns A problem for each value that JSON cannot hold; undefined is left out like a missing key.
 */
export function notJson(
  value: unknown,
  path: string,
  above: readonly unknown[] = [],
): readonly UsageProblem[] {
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean')
    return [];
  if (typeof value === 'number' && Number.isFinite(value)) return [];
  const plain = typeof value === 'object' && (Array.isArray(value) || isPlain(value));
  const isDeep = above.length >= limits.jsonDepth;
  if (!plain || isDeep || above.includes(value)) {
    const nested = above.includes(value) ? 'an object that contains itself' : 'an object of too many levels';
    const found = plain ? nested : describe(value);
    return [
      {
        message: `${path}: ${found} cannot travel to worker processes`,
        expected: isDeep ? `plain JSON values, at most ${limits.jsonDepth} levels` : 'plain JSON values',
        found,
      },
    ];
  }
  const keyed = Array.isArray(value) ? (key: string) => `${path}[${key}]` : (key: string) => `${path}.${key}`;
  return Object.entries(value).flatMap(([key, inner]) => notJson(inner, keyed(key), [...above, value]));
}

/** An object with keys: no array, no null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Configs are loaded in other realms, whose `Object.prototype` is not ours.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `a ${value.constructor?.name ?? 'class instance'}`;
  return typeof value === 'number' ? String(value) : `a ${typeof value}`;
}
