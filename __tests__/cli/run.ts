import { runCommandLine } from '../../src/cli/command-line.js';
import { schedulersWords } from '../docs/plain-words.js';

/** Runs one command line in this process. What it prints for people must be free of words of schedulers. */
export async function run(argv: readonly string[], env: Record<string, string> = {}) {
  let out = '';
  let err = '';
  const code = await runCommandLine(argv, {
    env,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  if (!argv.includes('--json') && !argv.includes('json')) expect(schedulersWords(out + err)).toEqual([]);
  return { code, out, err };
}
