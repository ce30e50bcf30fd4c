import { parseArgs } from 'node:util';
import { nearest } from '../../core/vocabulary/nearest.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { Flag, FlagValues } from '../command.js';

/**
 * Checks the arguments of a command.
 * @throws {UsageError} for an unknown flag or argument, a missing or unexpected value, and a flag given twice.
 */
export function parseFlags(
  args: readonly string[],
  flags: Readonly<Record<string, Flag>>,
  takesWords = false,
): FlagValues {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { value, isValueOptional }]) => [
        name,
        { type: value === undefined || isValueOptional ? 'boolean' : 'string' },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string | undefined>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (!takesWords) fail(`unexpected argument \`${token.value}\``, flags);
      words.push(token.value);
      continue;
    }
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) fail(`unknown flag \`${token.rawName}\``, flags, token.name);
    // In `--machine --json` the value was forgotten: no file is called `--json`. But `-5` is a number.
    const value =
      token.value !== undefined && !token.inlineValue && /^-(?![\d.])/.test(token.value) ? '' : token.value;
    const mayLackValue = flag.isValueOptional && value === undefined;
    if (flag.value !== undefined && !value && !mayLackValue)
      fail(`\`${token.rawName}\` needs a value (${flag.value})`, flags);
    if (flag.value === undefined && value !== undefined) fail(`\`${token.rawName}\` takes no value`, flags);
    if (flag.value !== undefined && values.has(token.name))
      fail(`\`${token.rawName}\` is given twice`, flags);
    values.set(token.name, value);
  }
  return { has: (name) => values.has(name), get: (name) => values.get(name), words };
}

function fail(message: string, flags: Readonly<Record<string, Flag>>, typed?: string): never {
  const near = typed === undefined ? undefined : nearest(typed, Object.keys(flags));
  throw new UsageError({
    message,
    expected: Object.keys(flags)
      .map((name) => `--${name}`)
      .join(', '),
    ...(near !== undefined && { remedy: `write \`--${near}\`` }),
  });
}
