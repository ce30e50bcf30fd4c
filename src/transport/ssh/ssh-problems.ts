import { Unreachable } from '../transport.js';
import type { SshAddress } from './ssh-address.js';

export interface FailedStart {
  /** Of the last marked line; undefined: there was none. */
  readonly words: readonly string[] | undefined;
  /** By ssh and the far side, to stderr. */
  readonly printed: string;
  /** To stdout, where a marked line was expected. */
  readonly noise: string;
  readonly address: SshAddress;
}

const reach = 'see whether it is on, and whether `ssh DESTINATION` works by hand';

/** What ssh says, in the order of the search, and what to do about it. */
const known: readonly (readonly [RegExp, string])[] = [
  [
    /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'log in once by hand, `ssh DESTINATION`, and check its host key',
  ],
  [
    /Permission denied|Too many authentication failures/,
    'let `ssh -o BatchMode=yes DESTINATION true` succeed first: a key that needs no question, in ssh-agent for example',
  ],
  [/Could not resolve hostname/, 'correct the name, or add it to ~/.ssh/config'],
  [/Connection refused/, 'start its ssh server, or correct the port'],
  [/Bad configuration option|Can't open user config file/, 'correct the ssh config or `sshArgs`'],
  [/spawn ssh ENOENT/, "install OpenSSH's client here"],
];

/** Why no worker came up, with the remedy. */
export function explainSsh({ words, printed, noise, address }: FailedStart): Unreachable {
  if (words?.[0] === 'no-node') {
    const asked = words[1];
    return new Unreachable(
      asked ? `has no Node.js at ${asked}` : 'has no Node.js on the PATH of a shell that is not interactive',
      asked
        ? 'correct `node` of the machine'
        : "install Node.js there, or name its path: { ssh: '…', node: '/opt/node/bin/node' }",
    );
  }
  const said = lastLines(printed === '' ? noise : printed);
  const [, remedy = reach] = known.find(([pattern]) => pattern.test(said)) ?? [];
  return new Unreachable(
    said === '' ? 'did not answer in time' : `cannot be used: ${said}`,
    remedy.replace('DESTINATION', address.destination),
  );
}

function lastLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-3)
    .join('; ');
}
