import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { FlagValues } from '../command.js';

interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** Default true. */
  readonly integer?: boolean;
}

/**
 * The value of a flag that takes a number; undefined when it is not given.
 * @throws {UsageError} for anything that is not a number of the range.
 */
export function numberFlag(
  flags: FlagValues,
  name: string,
  { least, most, integer = true }: NumberRange,
): number | undefined {
  const text = flags.get(name);
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most && (!integer || Number.isInteger(value))) return value;
  throw new UsageError({
    message: `\`--${name}\` cannot be ${JSON.stringify(text)}`,
    expected: `${integer ? 'an integer' : 'a number'} from ${least} to ${most}`,
  });
}
