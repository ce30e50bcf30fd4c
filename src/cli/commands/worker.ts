import { parseEnvironment } from '../../config/environment.js';
import { limits } from '../../core/vocabulary/limits.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { splitList } from '../../core/workload/values.js';
import type { IdlePolicy } from '../../remote/idle-watch.js';
import type { Command, CommandIo, FlagValues } from '../command.js';
import { choiceFlag } from '../flags/choice-flag.js';
import { durationFlag } from '../flags/duration-flag.js';
import { numberFlag } from '../flags/number-flag.js';

const defaultDirectory = '~/.cache/jest-runner-hardware';

export const workerCommand: Command = {
  summary: 'runs suites for runs on other machines: as a machine of a fleet, or started by a login over ssh',
  flags: {
    connect: {
      summary: 'join the fleet at this Redis or Valkey: rediss://host:6379; default: JEST_HARDWARE_CONNECT',
      value: 'URL',
    },
    name: { summary: 'what the machine is called; default: as its key says, else its host', value: 'NAME' },
    workers: {
      summary: 'suites at once; default: one for each CPU thread and one for each accelerator',
      value: 'N',
    },
    only: { summary: 'serve only projects whose git remote has one of these words in it', value: 'LIST' },
    remote: { summary: 'fetch code from this git remote, whatever a run names', value: 'URL' },
    setup: {
      summary: "command that installs dependencies; `none`; default: the lockfile's frozen install",
      value: 'COMMAND',
    },
    machine: { summary: 'a machine file for this machine', value: 'FILE' },
    python: { summary: 'the command that starts Python; default: python3', value: 'COMMAND' },
    'max-suite': { summary: 'stop suites that take longer, such as 10m; default: none', value: 'TIME' },
    once: { summary: 'end after the first run' },
    'idle-exit': {
      summary: 'end when no run has come for so long, such as 5m; default: never',
      value: 'TIME',
    },
    when: {
      summary: '`idle`: take suites only while the CPU work of other programs leaves the machine idle',
      value: 'idle',
    },
    'idle-threads': {
      summary: 'with --when: idle is where others use fewer CPU threads than that; default: 0.5',
      value: 'N',
    },
    'idle-after': { summary: 'with --when: idle is what was so for that long; default: 1m', value: 'TIME' },
    ephemeral: { summary: 'serve pull requests from forks too: for machines that are thrown away' },
    insecure: { summary: 'take a broker without TLS that is not on this machine' },
    stdio: { summary: 'talk over standard input and output, as ssh needs it' },
    root: {
      summary: `folder for checkouts, whatever the other side asks for; default: ${defaultDirectory}`,
      value: 'DIR',
    },
  },
  async run(flags, io) {
    const directory = flags.get('root') ?? defaultDirectory;
    const url = flags.get('connect') ?? (flags.has('stdio') ? undefined : addressIn(io.env));
    if (url !== undefined) return serveFleetBy(flags, url, directory, io);
    if (!flags.has('stdio')) {
      throw new UsageError({
        message: 'a worker needs to be told how it is reached',
        expected: '--connect URL or the variable JEST_HARDWARE_CONNECT for a fleet, or --stdio',
        remedy: 'start it with the address of the fleet; over ssh the option `machines` starts it by itself',
      });
    }
    const { serveStdio } = await import('../../remote/serve-stdio.js');
    await serveStdio(directory);
  },
};

/** An address with a password stands in no list of processes; `takeWorkerKey` takes it out of the environment. */
function addressIn(env: CommandIo['env']): string | undefined {
  const { connect } = parseEnvironment(env);
  return typeof connect === 'string' ? connect : undefined;
}

/** Whoever may list processes reads command lines. */
function hasPassword(url: string): boolean {
  return URL.canParse(url) && new URL(url).password !== '';
}

async function serveFleetBy(flags: FlagValues, url: string, directory: string, io: CommandIo): Promise<void> {
  const { serveFleet } = await import('../../remote/serve-fleet.js');
  const [name, remote, setup, machineFile, python] = (
    ['name', 'remote', 'setup', 'machine', 'python'] as const
  ).map((flag) => flags.get(flag));
  if (name !== undefined && !/^[\w.-]+$/.test(name)) {
    throw new UsageError({
      message: '--name is no name of a machine',
      expected: 'letters, digits, `.`, `-` and `_`',
      found: name,
    });
  }
  if (hasPassword(flags.get('connect') ?? '')) {
    io.err(
      'jest-runner-hardware: everybody on this machine can read the password in the command line; in JEST_HARDWARE_CONNECT they cannot\n',
    );
  }
  const workers = numberFlag(flags, 'workers', { least: 1, most: 4096 });
  const longestSuiteMs = durationFlag(flags, 'max-suite');
  const idleExitMs = durationFlag(flags, 'idle-exit');
  const idle = idlePolicy(flags);
  const only = flags.get('only');
  await serveFleet({
    url,
    insecure: flags.has('insecure'),
    directory,
    once: flags.has('once'),
    ...(name !== undefined && { name }),
    ...(workers !== undefined && { workers }),
    ...(longestSuiteMs !== undefined && { longestSuiteMs }),
    ...(idleExitMs !== undefined && { idleExitMs }),
    ...(idle !== undefined && { idle }),
    ...(machineFile !== undefined && { machineFile }),
    ...(python !== undefined && { python }),
    policy: {
      isEphemeral: flags.has('ephemeral'),
      ...(only !== undefined && { only: splitList(only) }),
      ...(remote !== undefined && { remote }),
      ...(setup !== undefined && { setup: setup === 'none' ? false : setup }),
    },
    env: process.env,
    say: (text) => io.err(`jest-runner-hardware: ${text}\n`),
  });
}

const idleDefaults = {
  /** `HighLoad` of HTCondor's policy for desktops: less is what a desktop does by itself. */
  threads: 0.5,
  /** Who reads what a build has said is still at work. */
  afterMs: 60_000,
} as const satisfies IdlePolicy;

function idlePolicy(flags: FlagValues): IdlePolicy | undefined {
  const threads = numberFlag(flags, 'idle-threads', { least: 0.01, most: limits.cpuThreads, integer: false });
  const afterMs = durationFlag(flags, 'idle-after');
  if (choiceFlag(flags, 'when', ['idle']) !== undefined)
    return { threads: threads ?? idleDefaults.threads, afterMs: afterMs ?? idleDefaults.afterMs };
  if (threads === undefined && afterMs === undefined) return undefined;
  throw new UsageError({
    message: '`--idle-threads` and `--idle-after` say when a machine is idle, and nobody asks for that',
    remedy: 'add `--when idle`',
  });
}
