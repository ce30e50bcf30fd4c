import { durationSyntax, parseDuration } from '../../core/vocabulary/units.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { FlagValues } from '../command.js';

/**
 * The value of a flag that takes a time, in ms; undefined when it is not given.
 * @throws {UsageError} for anything that is no time.
 */
export function durationFlag(flags: FlagValues, name: string): number | undefined {
  const text = flags.get(name);
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new UsageError({ message: `\`--${name}\` cannot be \`${text}\``, expected: durationSyntax });
}

/** As `durationFlag`, for a flag that must be given. */
export function requiredDuration(flags: FlagValues, name: string): number {
  const ms = durationFlag(flags, name);
  if (ms !== undefined) return ms;
  throw new UsageError({ message: `\`--${name}\` is missing`, expected: durationSyntax });
}
