import { editDistance } from '../vocabulary/nearest.js';
import type { UsageProblem } from '../vocabulary/usage-error.js';
import { type PragmaName, pragmaNames, pragmas } from './pragmas.js';

/** What people write who have not looked the name up. */
const synonyms = {
  accelerator: 'hardware',
  device: 'hardware',
  devices: 'hardware',
  gpu: 'hardware',
  npu: 'hardware',
  tpu: 'hardware',
  memory: 'min-memory',
  mem: 'min-memory',
  vram: 'min-memory',
  ram: 'host-memory',
  cores: 'cpu',
  threads: 'cpu',
  mutex: 'lock',
  timeout: 'max-time',
  duration: 'max-time',
  'batch-size': 'batch-sizes',
  profile: 'workload',
  sensitivity: 'sensitive',
} as const satisfies Record<string, PragmaName>;

/** Words that are taken for one of our pragmas. */
export type SynonymName = keyof typeof synonyms;

export const synonymNames = Object.keys(synonyms) as readonly SynonymName[];

/** Beginnings that only our names have, with the name most likely meant. */
const stems = {
  'min-': 'min-memory',
  'preferred-': 'preferred-memory',
  'host-': 'host-memory',
  'optimal-': 'optimal-batch-size',
  'batch-': 'batch-sizes',
  'max-time': 'max-time',
  'max-duration': 'max-time',
  'max-memory': 'min-memory',
} as const satisfies Record<string, PragmaName>;

/** Words of other tools that happen to be near ours. */
const othersWords = ['block', 'clock', 'exclude', 'future', 'look', 'operator', 'property', 'revision'];

/**
 * Says whether a name that is none of our pragmas was meant to be one. A docblock belongs to many tools (Jest, TypeScript,
 * Flow, Prettier, JSDoc, licences), so a name is an error only when
 *
 * - it is one of ours in other letters or with punctuation: `@Hardware`, `@minMemory`, `@hardware: gpu`, `@hardware=gpu`;
 * - it is a word people use for one of ours: `@gpu`, `@memory`, `@timeout`;
 * - it starts as only ours do: `@min-vram`, `@batch-count`;
 * - it is a slip away from one of ours: one edit for names of up to five letters, else two, with the first letter kept
 *   unless it is a single edit in a long name. `@locks` and `@hadrware` are; `@locked`, `@link` and `@revision` are not.
 *
 * Everything else (`@param`, `@license`, `@jest-environment`, `@ts-…`, scoped packages) belongs to somebody else.
 * @returns The problem without its place, or undefined for somebody else's pragma.
 */
export function unknownPragma(name: string): UsageProblem | undefined {
  const wanted = pragmaMeantBy(name)?.pragma;
  if (wanted === undefined) return undefined;
  const ignorable =
    synonymNames.find((known) => known === name) ?? (pragmas[wanted].isCommonWord ? wanted : undefined);
  const ignoring =
    ignorable === undefined ? '' : `, or name \`${ignorable}\` in the option \`ignorePragmas\``;
  return {
    message: `\`@${name}\` is no pragma`,
    expected: pragmaNames.map((known) => `@${known}`).join(', '),
    found: `@${name}`,
    remedy: `write \`@${wanted}\` followed by a blank and its value, or, if another tool wants this word, move it out of the first comment${ignoring}`,
  };
}

/**
 * The pragma that a name which is none of ours was meant to be.
 * @returns `isSpelling`: it is that pragma's name in other letters or with a slip, not another word for it.
 */
export function pragmaMeantBy(
  name: string,
): { readonly pragma: PragmaName; readonly isSpelling: boolean } | undefined {
  const bare = /^[\w-]*/.exec(name)?.[0] ?? '';
  if (name.startsWith(`${bare}/`)) return undefined;
  const word = bare.toLowerCase();
  const same = pragmaNames.find((known) => plain(known) === plain(word));
  if (same !== undefined) return { pragma: same, isSpelling: true };
  if (Object.hasOwn(synonyms, word)) {
    return { pragma: synonyms[word as SynonymName], isSpelling: false };
  }
  if (othersWords.includes(word)) return undefined;
  const slip = pragmaNames.find((known) => isSlip(word, known));
  if (slip !== undefined) return { pragma: slip, isSpelling: true };
  const stem = Object.entries(stems).find(([beginning]) => word.startsWith(beginning));
  return stem === undefined ? undefined : { pragma: stem[1], isSpelling: false };
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

function isSlip(word: string, known: string): boolean {
  // Most words end here, before the distance is worked out.
  if (Math.abs(word.length - known.length) > 2) return false;
  const distance = editDistance(word, known);
  if (word[0] === known[0]) return distance <= (known.length <= 5 ? 1 : 2);
  return distance === 1 && known.length > 5;
}
