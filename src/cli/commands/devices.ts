import { settingsHere } from '../../config/project/settings-here.js';
import { runPaths } from '../../config/run-paths.js';
import { printable, printableJson, printableLines } from '../../core/vocabulary/printable.js';
import { clearSetAside, type SetAsideDevice, setAsideIn } from '../../record/set-aside-devices.js';
import type { Command } from '../command.js';
import { defaultDirectory } from '../recorded-run.js';

export const devicesCommand: Command = {
  summary: 'shows the devices that runs have set aside after errors, or lets later runs use them again',
  words: { value: '[DEVICE…]', summary: 'with --clear: only these, such as local/gpu0; default: all' },
  flags: {
    clear: { summary: 'let later runs use the devices again' },
    json: { summary: 'print the devices as JSON' },
    config: {
      summary: 'Jest config that holds the option outputDirectory; default: the one Jest finds',
      value: 'FILE',
    },
  },
  async run(flags, io) {
    const { settings, problem } = settingsHere(process.cwd(), flags.get('config'));
    if (problem !== undefined) io.err(`${printable(problem)}\n`);
    const directory =
      settings === undefined
        ? defaultDirectory
        : runPaths(settings.options, settings.rootDir).outputDirectory;
    const isCleared = flags.has('clear');
    const now = new Date();
    const isMeant = ({ machine, deviceId }: SetAsideDevice) =>
      flags.words.length === 0 ||
      flags.words.some((word) => word === deviceId || word === `${machine}/${deviceId}`);
    const devices = isCleared ? clearSetAside(directory, isMeant, now) : setAsideIn(directory, now);
    if (flags.has('json')) io.out(`${printableJson({ version: 1, cleared: isCleared, devices })}\n`);
    else io.out(printableLines(textOf(devices, isCleared)));
  },
};

function textOf(devices: readonly SetAsideDevice[], isCleared: boolean): string {
  if (devices.length === 0) return isCleared ? 'no such device is set aside\n' : 'no device is set aside\n';
  const lines = devices.map(({ machine, deviceId, reason, since }) =>
    isCleared
      ? `${machine}/${deviceId} is used again\n`
      : `${machine}/${deviceId} is set aside since ${since}: it ${reason}\n`,
  );
  const how = isCleared ? '' : 'used again a day after that, or by: jest-runner-hardware devices --clear\n';
  return lines.join('') + how;
}
