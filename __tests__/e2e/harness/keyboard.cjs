'use strict';
// Preloaded into the Jest under test: watch mode listens to keys only on a stdin that looks like a terminal.
if (!process.stdin.isTTY) process.stdin.setRawMode = () => process.stdin;
