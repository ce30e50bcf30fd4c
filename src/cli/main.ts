#!/usr/bin/env node
import { runCommandLine } from './command-line.js';
import { screenOf } from './text/screen.js';

const exit = runCommandLine(process.argv.slice(2), {
  env: process.env,
  screen: screenOf(process.stdout),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
// process.exit() would cut off what is still being written to a pipe.
void exit.then((code) => {
  process.exitCode = code;
});
