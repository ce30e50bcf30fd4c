import { createRequire } from 'node:module';
import type { Host } from '../host/host.js';
import { type Sourced, sourced } from './findings/device-draft.js';

/** The CI service whose job this is, by the table of the package that Jest asks too; it looks at its own process alone. */
export function ciOf({ env }: Host): Sourced<string> | undefined {
  for (const { name, env: signs } of vendors()) {
    const source = signOf(typeof signs === 'string' ? [signs] : signs, env);
    if (source !== undefined) return sourced(name, 'probed', source);
  }
  return undefined;
}

/** A file of the package that a later version may move: then no service is named. */
function vendors(): readonly Vendor[] {
  try {
    return createRequire(import.meta.url)('ci-info/vendors.json') as readonly Vendor[];
  } catch {
    return [];
  }
}

interface Vendor {
  readonly name: string;
  /** One variable, several at once, any of several, one that contains something, or values of variables. */
  readonly env: string | readonly string[] | Readonly<Record<string, string | readonly string[]>>;
}

/** The variable that shows it. */
function signOf(signs: Exclude<Vendor['env'], string>, env: Host['env']): string | undefined {
  if (isList(signs)) return signs.every((name) => env[name]) ? signs[0] : undefined;
  const { any, env: variable, includes } = signs;
  if (any !== undefined && isList(any)) return any.find((name) => env[name]);
  if (typeof variable === 'string') {
    return env[variable]?.includes(String(includes)) === true ? variable : undefined;
  }
  const names = Object.keys(signs);
  return names.every((name) => env[name] === signs[name]) ? names[0] : undefined;
}

function isList(value: string | readonly string[] | object): value is readonly string[] {
  return Array.isArray(value);
}
