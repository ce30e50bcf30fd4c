import type { WriteStream } from 'node:tty';

/** Flags of Jest, the last of which counts; its own output obeys them too. */
const flags: Readonly<Record<string, boolean>> = {
  '--color': true,
  '--colors': true,
  '--no-color': false,
  '--no-colors': false,
};

/**
 * Whether text on a stream is shown in colours. `FORCE_COLOR` decides, then `NO_COLOR`, then flags, then whether the
 * stream is a terminal that has colours.
 */
export function showsColors(
  stream: Partial<Pick<WriteStream, 'isTTY' | 'hasColors'>>,
  env: Readonly<Record<string, string | undefined>> = process.env,
  argv: readonly string[] = process.argv,
): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none = '' } = env;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (none !== '') return false;
  const flag = argv.findLast((word) => Object.hasOwn(flags, word));
  if (flag !== undefined) return flags[flag] === true;
  return stream.isTTY === true && stream.hasColors?.() === true;
}
