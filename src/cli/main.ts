#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { runCommandLine } from './command-line.js';
import { screenOf } from './text/screen.js';

const exit = runCommandLine(process.argv.slice(2), {
  env: process.env,
  screen: screenOf(process.stdout),
  ...(process.stdin.isTTY && process.stdout.isTTY && { confirm }),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
// process.exit() would cut off what is still being written to a pipe.
void exit.then((code) => {
  // A reporter that `merge` calls may have set one.
  if (code !== 0) process.exitCode = code;
});

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-C and Ctrl-D close it without an answer, which is none.
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([terminal.question(question), closed]);
  terminal.close();
  return /^y(?:es)?$/i.test(answer.trim());
}
