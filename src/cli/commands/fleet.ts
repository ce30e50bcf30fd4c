import { connectTo } from '../../config/connect.js';
import { parseEnvironment } from '../../config/environment.js';
import { settingsHere } from '../../config/project/settings-here.js';
import { printable, printableJson, printableLines } from '../../core/vocabulary/printable.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { Command, CommandIo, FlagValues } from '../command.js';
import { refuseTogether } from '../flags/refuse-together.js';
import { fleetText } from '../text/fleet-text.js';
import { plainScreen } from '../text/screen.js';

export const fleetCommand: Command = {
  summary: 'shows which machines are in the fleet, what they have and what they do; issues keys to machines',
  words: {
    value: '[MACHINE[/DEVICE]…]',
    summary: 'with --clear: only these, such as gpu-box or gpu-box/gpu0; default: all',
  },
  flags: {
    connect: {
      summary: 'address of the fleet; default: JEST_HARDWARE_CONNECT, else the option connect',
      value: 'URL',
    },
    watch: { summary: 'look again every second, and print what has changed, until it is ended' },
    json: { summary: 'print who is there as JSON' },
    clear: { summary: 'let later runs use devices again that runs have set aside after errors' },
    issue: {
      summary: 'print the key of a machine of this name, made from JEST_HARDWARE_SECRET',
      value: 'NAME',
    },
    insecure: { summary: 'take a broker without TLS that is not on this machine' },
    config: {
      summary: 'Jest config that holds the option connect; default: the one Jest finds',
      value: 'FILE',
    },
  },
  async run(flags, io): Promise<number> {
    refuseTogether(flags, 'issue', ['watch', 'json', 'clear']);
    refuseTogether(flags, 'watch', ['clear']);
    if (flags.words.length > 0 && !flags.has('clear')) {
      throw new UsageError({
        message: 'machines are named only to use them again',
        found: flags.words.join(' '),
        remedy: `write \`jest-runner-hardware fleet --clear ${flags.words.join(' ')}\``,
      });
    }
    const name = flags.get('issue');
    if (name !== undefined) return issue(name, io);
    const { url, ...connect } = addressed(flags, io);
    const insecure = connect.insecure || flags.has('insecure');
    if (flags.has('clear')) return clear(url, insecure, flags, io);
    const { openFleetList } = await import('../../remote/fleet-list.js');
    const list = await openFleetList(url, insecure, io.env);
    const screen = io.screen ?? plainScreen;
    try {
      const watches = flags.has('watch');
      for (let before = ''; ; ) {
        const seen = await list.look();
        // A line each time, for who reads on.
        const json = () => `${printableJson({ version: 1, ...seen }, watches ? 0 : 2)}\n`;
        const text = flags.has('json') ? json() : fleetText(seen, screen);
        if (text !== before) io.out(before === '' || flags.has('json') ? text : `\n${text}`);
        before = text;
        if (!watches) return 0;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    } finally {
      await list.close();
    }
  },
};

async function clear(url: string, insecure: boolean, flags: FlagValues, io: CommandIo): Promise<number> {
  const { clearFleet } = await import('../../remote/fleet-clear.js');
  const machines = await clearFleet(url, insecure, io.env, flags.words);
  if (flags.has('json')) io.out(`${printableJson({ version: 1, machines })}\n`);
  else {
    const lines = machines.flatMap(({ name, devices, problem }) =>
      problem === undefined
        ? devices.map(({ deviceId }) => `${name}/${deviceId} is used again by runs that begin now`)
        : [`${name} did not answer: ${problem}`],
    );
    io.out(printableLines(`${lines.join('\n') || 'no such device is set aside'}\n`));
  }
  return machines.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

async function issue(name: string, io: CommandIo): Promise<number> {
  if (!/^[\w.-]+$/.test(name)) {
    throw new UsageError({
      message: '--issue needs the name of a machine',
      expected: 'letters, digits, `.`, `-` and `_`',
      found: name,
    });
  }
  const { issuedKey } = await import('../../remote/fleet-credentials.js');
  io.out(`${issuedKey(name, io.env)}\n`);
  return 0;
}

function addressed(flags: FlagValues, io: CommandIo): { readonly url: string; readonly insecure: boolean } {
  const named = flags.get('connect') ?? parseEnvironment(io.env).connect;
  if (typeof named === 'string') return connectTo(named, undefined);
  const { settings, problem } = settingsHere(process.cwd(), flags.get('config'));
  if (problem !== undefined) io.err(`${printable(problem)}\n`);
  const connect = settings?.options.connect;
  if (named !== false && connect !== undefined) return connect;
  throw new UsageError({
    message: 'no fleet is named',
    expected: 'an address, the variable JEST_HARDWARE_CONNECT or the option `connect` of the Jest config',
    remedy: 'write `jest-runner-hardware fleet --connect rediss://HOST:6379`',
  });
}
