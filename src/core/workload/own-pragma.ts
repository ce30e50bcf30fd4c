import { isPragmaName, type PragmaName, pragmas } from './pragmas.js';
import { pragmaMeantBy } from './unknown-pragma.js';
import { splitList } from './values.js';

/** Lists of words that only we define: one of them shows that the whole list is ours. */
const closedLists: readonly PragmaName[] = ['hardware', 'backend', 'feature', 'precision'];

/** Device classes: as names they can mean only one thing. */
const deviceNames = ['gpu', 'npu', 'tpu'];

/** Whether a docblock may write this value. */
export function isReadable(name: PragmaName, value: string): boolean {
  const items = itemsOf(name, value);
  return items.every((item) => pragmas[name].read(item).ok);
}

/** Whether at least one word of the value is ours: a list with a slip in one item is meant for us all the same. */
function isPartlyReadable(name: PragmaName, value: string): boolean {
  if (!closedLists.includes(name)) return isReadable(name, value);
  return itemsOf(name, value).some((item) => pragmas[name].read(item).ok);
}

function itemsOf(name: PragmaName, value: string): readonly string[] {
  const text = value.trim().replace(/\s*,$/, '');
  return pragmas[name].kind === 'list' ? splitList(text) : [text];
}

/**
 * Whether a pragma in a comment that is not the docblock was meant for us. Names with a hyphen, `@hardware` and `@workload`
 * are ours with any value; `@backend` and `@unsatisfiable` with a value that can be read or is a slip away from one;
 * common words only with a value that can be read.
 */
export function isMeantForUs(name: PragmaName, value: string): boolean {
  if (pragmas[name].isCommonWord) return isPartlyReadable(name, value);
  if (name.includes('-') || name === 'hardware' || name === 'workload') return true;
  const reading = pragmas[name].read(value.trim());
  return isPartlyReadable(name, value) || (!reading.ok && reading.remedy !== undefined);
}

/** Whether a name shows that the docblock it stands in is ours: one that no other tool uses. */
export function isUnmistakable(name: string, ignored: readonly string[]): boolean {
  return isPragmaName(name) && !pragmas[name].isCommonWord && !ignored.includes(name);
}

/** What decides whose the words of a docblock are. */
export interface DocblockContext {
  /** Names that the options leave to other tools. */
  readonly ignored: readonly string[];
  /** It has one of our unmistakable names. */
  readonly isOurDocblock: boolean;
}

/**
 * Whether a pragma of the docblock is another tool's: its name is to be ignored, or the docblock has none of our
 * unmistakable names, this one is a common word or near one of ours, and we could not read its value.
 * @param values What its value may be: as it stands on the line, and with the lines that Jest glues to it.
 */
export function isOthers(
  name: string,
  values: readonly string[],
  { ignored, isOurDocblock }: DocblockContext,
): boolean {
  if (ignored.includes(name)) return true;
  const near = isPragmaName(name) ? { pragma: name, isSpelling: true } : pragmaMeantBy(name);
  if (near === undefined) return false;
  if (ignored.includes(near.pragma)) return true;
  const isSure = deviceNames.includes(name) || (near.isSpelling && !pragmas[near.pragma].isCommonWord);
  return !isOurDocblock && !isSure && !values.some((value) => isPartlyReadable(near.pragma, value));
}
