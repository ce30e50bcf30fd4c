import { printableLines } from '../../core/vocabulary/printable.js';
import { type InitPlan, planInit } from '../../init/plan-init.js';
import { unifiedDiff } from '../../init/unified-diff.js';
import { writeChanges } from '../../init/write-changes.js';
import type { Command, CommandIo, FlagValues } from '../command.js';

export const initCommand: Command = {
  summary:
    'sets a project up: wraps its Jest config, proposes pragmas, writes a CI workflow; shows the changes and asks',
  flags: {
    yes: { summary: 'write the changes without asking' },
    config: { summary: 'Jest config; default: the one Jest finds', value: 'FILE' },
    'no-pragmas': { summary: 'propose no pragmas for test files' },
    workflow: { summary: 'write the CI workflow also where the repository has no folder .github' },
  },
  async run(flags, io) {
    const plan = planInit(process.cwd(), {
      config: flags.get('config'),
      pragmas: !flags.has('no-pragmas'),
      workflow: flags.has('workflow'),
    });
    io.out(printableLines(textOf(plan)));
    if (plan.changes.length === 0 || !(await isAgreed(flags, io))) return;
    writeChanges(plan.changes, plan.check);
    io.out('written, and Jest finds the runner. Next: npx jest, and npx jest-runner-hardware detect\n');
  },
};

function textOf({ changes, notes }: InitPlan): string {
  const remarks = notes.map((note) => `- ${note}\n`).join('');
  if (changes.length === 0) return `${remarks}nothing to do: the project uses jest-runner-hardware already\n`;
  return `${unifiedDiff(changes)}${remarks}files to write: ${changes.length}\n`;
}

async function isAgreed(flags: FlagValues, io: CommandIo): Promise<boolean> {
  if (flags.has('yes')) return true;
  if (io.confirm === undefined) {
    io.out('nothing was written: --yes writes it\n');
    return false;
  }
  if (await io.confirm('Write these changes? [y/N] ')) return true;
  io.out('nothing was written\n');
  return false;
}
