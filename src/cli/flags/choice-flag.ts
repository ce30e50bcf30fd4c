import { nearest } from '../../core/vocabulary/nearest.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { FlagValues } from '../command.js';

/**
 * The value of a flag that takes one of several words; undefined when it is not given.
 * @throws {UsageError} for any other word.
 */
export function choiceFlag<Word extends string>(
  flags: FlagValues,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = flags.get(name);
  return text === undefined ? undefined : chosen(text, name, words);
}

/**
 * The values of a flag that takes some of several words, separated by commas; undefined when it is not given.
 * @throws {UsageError} for any other word.
 */
export function choicesFlag<Word extends string>(
  flags: FlagValues,
  name: string,
  words: readonly Word[],
): readonly Word[] | undefined {
  return flags
    .get(name)
    ?.split(',')
    .map((text) => chosen(text.trim(), name, words));
}

function chosen<Word extends string>(text: string, name: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found === undefined) throw unknownWord(name, text, words);
  return found;
}

export function unknownWord(name: string, found: string, words: readonly string[]): UsageError {
  const near = nearest(found, words);
  return new UsageError({
    message: `there is no ${name} \`${found}\``,
    expected: `one of ${words.join(', ')}`,
    ...(near !== undefined && { remedy: `write \`${near}\`` }),
  });
}
