import { Unreachable } from '../transport.js';
import type { SshAddress } from './ssh-address.js';

export interface FailedStart {
  /** Of the last marked line; undefined: there was none. */
  readonly words: readonly string[] | undefined;
  /** By ssh and the far side, to stderr. */
  readonly printed: string;
  /** To stdout, where a marked line was expected. */
  readonly noise: string;
  /** Nothing came in time; else ssh ended by itself. */
  readonly isLate: boolean;
  readonly address: SshAddress;
}

const reach = 'see whether it is on, and whether `ssh DESTINATION` works by hand';

const noSession =
  'run `ssh -v DESTINATION true`: its ssh server opens no further session (MaxSessions), or the key may not run commands';

/** What ssh says, in the order of the search, and what to do about it. */
const known: readonly (readonly [RegExp, string])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'its host key is not the one that is known: if it was set up anew, forget the old one by `ssh-keygen -R HOST` and log in once by hand',
  ],
  [/Host key verification failed/, 'log in once by hand, `ssh DESTINATION`, and check its host key'],
  [
    /Permission denied|Too many authentication failures/,
    'let `ssh -o BatchMode=yes DESTINATION true` succeed first: a key that needs no question, in ssh-agent for example',
  ],
  [/Could not resolve hostname/, 'correct the name, or add it to ~/.ssh/config'],
  [/Connection refused/, 'start its ssh server, or correct the port'],
  [
    /kex_exchange_identification|Connection (closed|reset) by/,
    'its ssh server refuses logins for now, or ones from here: see MaxStartups, and who may log in',
  ],
  [/Session open refused|open failed: (administratively|resource)|request failed on channel/, noSession],
  [/account is (currently )?not available|nologin/, 'give the user a login shell there'],
  [
    /Bad configuration option|Bad owner or permissions|Can't open user config file/,
    'correct the ssh config or `sshArgs`',
  ],
  [/spawn ssh ENOENT/, "install OpenSSH's client here"],
];

/** Why the program could not be kept there. */
const knownFailures: readonly (readonly [RegExp, string])[] = [
  [/ENOSPC|EDQUOT/, 'free space there, or give the machine another `directory`'],
  [
    /EACCES|EPERM|EROFS|ENOTDIR|ENOENT|EEXIST/,
    "give the machine a `directory` that may be written there: { ssh: '…', directory: '/scratch/me' }",
  ],
];

/** Why no worker came up, with the remedy. */
export function explainSsh({ words = [], printed, noise, isLate, address }: FailedStart): Unreachable {
  const [state, ...details] = words;
  const detail = details.join(' ');
  if (state === 'no-node') {
    return new Unreachable(
      detail === ''
        ? 'has no Node.js on the PATH of a shell that is not interactive'
        : `has no Node.js at ${detail}`,
      detail === ''
        ? "install Node.js there, or name its path: { ssh: '…', node: '/opt/node/bin/node' }"
        : 'correct `node` of the machine',
    );
  }
  if (state === 'old-node') {
    const [version = '', ...path] = details;
    return new Unreachable(
      version === ''
        ? `has Node.js at ${path.join(' ')}, which does not start`
        : `has Node.js ${version} at ${path.join(' ')}, and 20.19 or newer is needed`,
      "install a newer one there, or name its path: { ssh: '…', node: '/opt/node/bin/node' }",
    );
  }
  if (state === 'failed') {
    const [, remedy = reach] = knownFailures.find(([pattern]) => pattern.test(detail)) ?? [];
    return new Unreachable(`cannot keep our program: ${detail}`, named(remedy, address));
  }
  if (state === 'worker') {
    return new Unreachable(
      `runs a worker of another version (protocol ${detail})`,
      'install the same version of jest-runner-hardware there as here',
    );
  }
  // A banner comes by the one way, and what refuses the login may by the other.
  const all = `${printed}\n${noise}`;
  const said = lastLines(all);
  const [, remedy = reach] = known.find(([pattern]) => pattern.test(all)) ?? [];
  if (said !== '') return new Unreachable(`cannot be used: ${said}`, named(remedy, address));
  return isLate
    ? new Unreachable('did not answer in time', named(reach, address))
    : new Unreachable('ended the login without a word', named(noSession, address));
}

function named(remedy: string, { destination }: SshAddress): string {
  return remedy
    .replace('DESTINATION', destination)
    .replace('HOST', destination.slice(destination.lastIndexOf('@') + 1));
}

function lastLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-3)
    .join('; ');
}
