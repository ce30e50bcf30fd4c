import { styleText } from 'node:util';
import { showsColors } from '../../host/colors.js';

/** Said when a worker had to be killed at the end. Jest's own text, so that a search for it finds Jest's documentation. */
export function forceExitedText(): string {
  return showsColors(process.stderr) ? styleText('yellow', text, { validateStream: false }) : text;
}

const text =
  'A worker process has failed to exit gracefully and has been force exited. ' +
  'This is likely caused by tests leaking due to improper teardown. ' +
  'Try running with --detectOpenHandles to find leaks. ' +
  'Active timers can also cause this, ensure that .unref() was called on them.';
