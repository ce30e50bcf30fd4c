import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { FlagValues } from '../command.js';

/** @throws {UsageError} when the flag and one of the others are both given. */
export function refuseTogether(flags: FlagValues, name: string, others: readonly string[]): void {
  const other = flags.has(name) ? others.find((each) => flags.has(each)) : undefined;
  if (other === undefined) return;
  throw new UsageError({
    message: `\`--${name}\` and \`--${other}\` cannot be given together`,
    remedy: 'leave one of them out',
  });
}
