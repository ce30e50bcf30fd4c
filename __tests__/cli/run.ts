import { runCommandLine } from '../../src/cli/command-line.js';

/** Runs one command line in this process. */
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
  return { code, out, err };
}
