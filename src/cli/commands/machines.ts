import { parseEnvironment } from '../../config/environment.js';
import type { RemoteMachineConfig, SyncConfig } from '../../config/machines.js';
import { settingsHere } from '../../config/project/settings-here.js';
import { nearest } from '../../core/vocabulary/nearest.js';
import { printable, printableJson, printableLines } from '../../core/vocabulary/printable.js';
import { formatBytes } from '../../core/vocabulary/units.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { Command, CommandIo, FlagValues } from '../command.js';
import { numberFlag } from '../flags/number-flag.js';
import { machineTestText } from '../text/machine-test-text.js';
import { plainScreen } from '../text/screen.js';

const asks = ['test', 'clean'] as const;

export const machinesCommand: Command = {
  summary: 'says whether other machines can take part in runs, or removes what old runs have left there',
  words: {
    value: 'test|clean [MACHINE…]',
    summary:
      'names of the option machines, or addresses such as ssh://gpu-box; default: JEST_HARDWARE_MACHINES, else the option',
  },
  flags: {
    json: { summary: 'print the answers as JSON' },
    config: {
      summary: 'Jest config that holds the option machines; default: the one Jest finds',
      value: 'FILE',
    },
    days: {
      summary: 'clean: remove checkouts that no run has used for so many days; default: 30',
      value: 'N',
    },
    'dry-run': { summary: 'clean: only say what would be removed' },
  },
  async run(flags, io) {
    const [ask, ...named] = flags.words;
    if (ask === 'test') return test(named, flags, io);
    if (ask === 'clean') return clean(named, flags, io);
    const near = nearest(ask ?? '', asks);
    throw new UsageError({
      message:
        ask === undefined ? 'what to do with the machines is missing' : `\`machines\` knows no \`${ask}\``,
      expected: `one of ${asks.join(', ')}`,
      remedy: `write \`jest-runner-hardware machines ${near ?? 'test'}\``,
    });
  },
};

async function test(named: readonly string[], flags: FlagValues, io: CommandIo): Promise<number> {
  const { machines, sync, rootDir, where } = chosenMachines(named, flags, io);
  const { takeTree, testMachine } = await import('../../remote/machine-test.js');
  const tree = takeTree(machines, sync, rootDir);
  const screen = io.screen ?? plainScreen;
  const asText = !flags.has('json');
  const tests = await Promise.all(
    machines.map((machine) => testMachine(machine, { rootDir, tree, env: io.env, where })),
  );
  if (asText) io.out(tests.map((each) => machineTestText(each, screen)).join('\n'));
  else io.out(`${printableJson({ version: 1, machines: tests })}\n`);
  const isWrong = tests.some(({ troubles }) => troubles.some(({ severity }) => severity === 'wrong'));
  return isWrong ? 1 : 0;
}

async function clean(named: readonly string[], flags: FlagValues, io: CommandIo): Promise<number> {
  const days = numberFlag(flags, 'days', { least: 0, most: 3650 }) ?? 30;
  const dryRun = flags.has('dry-run');
  const { machines, where } = chosenMachines(named, flags, io);
  const { cleanMachine } = await import('../../remote/clean-machine.js');
  const cleaned = await Promise.all(
    machines.map((machine) => cleanMachine(machine, { unusedMs: days * 86_400_000, dryRun }, where)),
  );
  if (flags.has('json')) io.out(`${printableJson({ version: 1, dryRun, machines: cleaned })}\n`);
  else {
    const lines = cleaned.flatMap(({ name, removed, problem }) => {
      if (problem !== undefined) return [`${name} ${problem}`];
      const bytes = removed.reduce((sum, each) => sum + each.bytes, 0);
      const did = dryRun ? 'would be removed' : 'removed';
      return [
        ...removed.map(
          (each) =>
            `  ${each.path}: ${formatBytes(each.bytes)}, unused for ${Math.floor(each.unusedMs / 86_400_000)} days`,
        ),
        `${name}: ${removed.length} ${removed.length === 1 ? 'checkout' : 'checkouts'} ${did}, ${formatBytes(bytes)}`,
      ];
    });
    io.out(printableLines(`${lines.join('\n')}\n`));
  }
  return cleaned.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

interface Chosen {
  readonly machines: readonly RemoteMachineConfig[];
  readonly sync: SyncConfig | undefined;
  readonly rootDir: string;
  /** What to call them in messages. */
  readonly where: string;
}

/** @throws {UsageError} when nothing names a machine. */
function chosenMachines(named: readonly string[], flags: FlagValues, io: CommandIo): Chosen {
  const { settings, problem } = settingsHere(process.cwd(), flags.get('config'));
  if (problem !== undefined) io.err(`${printable(problem)}\n`);
  const { rootDir = process.cwd(), options } = settings ?? {};
  const ofOption = options?.machines ?? [];
  const ofProject = { sync: options?.sync, rootDir };
  if (named.length > 0) {
    const machines = named.map((word) => ofOption.find((each) => isCalled(each, word)) ?? { ssh: word });
    return { ...ofProject, machines, where: 'the command line' };
  }
  const ofEnvironment = parseEnvironment(io.env).machines;
  const machines = ofEnvironment ?? ofOption;
  const where = ofEnvironment === undefined ? 'option machines' : 'JEST_HARDWARE_MACHINES';
  if (machines.length > 0) return { ...ofProject, machines, where };
  throw new UsageError({
    message: 'no machine is named',
    expected: 'addresses, the variable JEST_HARDWARE_MACHINES or the option `machines` of the Jest config',
    remedy: 'write `jest-runner-hardware machines test ssh://HOST`',
  });
}

/** By its name, or by its address as it is written. */
function isCalled({ name, ssh }: RemoteMachineConfig, word: string): boolean {
  return name === word || ssh === word || ssh === `ssh://${word}`;
}
