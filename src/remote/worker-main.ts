/** The program that runs on another machine: `node worker.cjs --root DIR`. It is sent there in one file, with all that it needs. */
import { serveStdio } from './serve-stdio.js';

const { argv } = process;
void serveStdio(argv[argv.indexOf('--root') + 1] ?? '.');
