import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { Command } from '../command.js';

export const workerCommand: Command = {
  summary: 'runs suites for a run on another machine; what a login by ssh starts',
  flags: {
    stdio: { summary: 'talk over standard input and output, as ssh needs it' },
    root: {
      summary:
        'folder for checkouts, whatever the other side asks for; default: ~/.cache/jest-runner-hardware',
      value: 'DIR',
    },
  },
  async run(flags) {
    if (!flags.has('stdio')) {
      throw new UsageError({
        message: 'a worker needs to be told how it is reached',
        expected: '--stdio',
        remedy: 'start it by ssh: the option `machines` does that by itself',
      });
    }
    const { serveStdio } = await import('../../remote/serve-stdio.js');
    await serveStdio(flags.get('root') ?? '~/.cache/jest-runner-hardware');
  },
};
