import { printable } from '../../core/vocabulary/printable.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';

interface Problem {
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  readonly remedy: string;
}

/** @throws UsageError for an address that cannot be meant, or whose traffic others could read. */
export function refuseUnsafe(url: string, insecure: boolean): void {
  const { protocol, hostname, username, password } = parsedAddress(url);
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new UsageError({
      message: `a fleet cannot be reached by ${protocol}//`,
      expected: 'rediss://host:6379, or redis://localhost:6379',
      remedy: 'name a Redis (6.2 or newer) or a Valkey; other machines by ssh are the option `machines`',
    });
  }
  if (!isDecodable(password) || !isDecodable(username)) {
    throw new UsageError({
      message: 'the user or the password in the address of the fleet is not percent-encoded',
      expected: '`%25` for `%`',
      remedy: `node -p 'encodeURIComponent(process.argv[1])' -- PASSWORD`,
    });
  }
  if (protocol === 'rediss:' || insecure || isLoopback(hostname)) return;
  throw new UsageError({
    message: `${addressOf(url)} is not encrypted: whoever is on the way could read results and hold them back`,
    expected: 'rediss://',
    remedy:
      'turn on TLS there; in a network that you trust, --insecure or the option `insecure` takes it as it is',
  });
}

/** @throws UsageError for an address that is none. */
export function parsedAddress(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new UsageError({
      message: 'the address of the fleet is none',
      expected: 'rediss://user:password@host:6379',
      remedy: 'a password with special characters is percent-encoded',
    });
  }
}

/** The address as it may be shown and recorded. */
export function addressOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function isDecodable(part: string): boolean {
  try {
    return decodeURIComponent(part) !== undefined;
  } catch {
    return false;
  }
}

/** What is wrong with a broker that answers. @param info Of its command INFO. */
export function problemOf(info: string): Problem | undefined {
  const version = /^redis_version:(\d+)\.(\d+)/m.exec(info);
  const [, major, minor] = version?.map(Number) ?? [];
  if (major !== undefined && minor !== undefined && (major < 6 || (major === 6 && minor < 2))) {
    return {
      message: 'its Redis is too old',
      expected: '6.2 or newer',
      found: `${major}.${minor}`,
      remedy: 'install a newer Redis, or Valkey',
    };
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    return {
      message: 'it may throw away what waits there, when its memory is full',
      expected: 'maxmemory-policy noeviction',
      found: policy,
      remedy:
        '`redis-cli CONFIG SET maxmemory-policy noeviction`, and the same in its config; managed services have a setting for it',
    };
  }
  return undefined;
}

export function wrongAddress(url: string, problem: Problem): UsageError {
  const { message, ...rest } = problem;
  return new UsageError({ message: `the fleet at ${addressOf(url)} cannot be used: ${message}`, ...rest });
}

/** As a command says it, and as a script does. */
const noRights = /NOPERM|ACL failure|has no permissions/;

/** Whether the broker does not let its user do something. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && noRights.test(error.message);
}

/** Pattern, reason, remedy. */
type Known = readonly [RegExp, string, string];

/** What a broker says that has no room: Redis and Valkey with `noeviction`, and where they cannot write to their disk. */
const noRoom: readonly Known[] = [
  [
    /OOM command not allowed/,
    'its memory is full (maxmemory)',
    'give it more, `redis-cli CONFIG SET maxmemory 1gb`, or remove what else lies there',
  ],
  [/MISCONF/, 'it cannot write to its disk', 'free space there; its log says what it could not write'],
];

/** Why a broker takes nothing new; undefined: the error is another one. */
export function noRoomBecause(
  error: unknown,
): { readonly reason: string; readonly remedy: string } | undefined {
  const said = error instanceof Error ? error.message : '';
  const [, reason, remedy] = noRoom.find(([pattern]) => pattern.test(said)) ?? [];
  return reason === undefined || remedy === undefined ? undefined : { reason, remedy };
}

/** A broker that may be reached in a moment: it starts again, or the way to it is cut. */
export class BrokerAway extends UsageError {}

/** What the client says when a broker is away, and what to do about it. */
const away: readonly Known[] = [
  [/ECONNREFUSED/, 'nobody listens there', 'start the Redis, or correct host and port'],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|Socket timeout/,
    'it does not answer',
    'see whether a firewall is on the way, and for rediss:// whether this port speaks TLS',
  ],
  [
    /Connection is closed|ECONNRESET|EPIPE|Protocol error|Unhandled type/i,
    'it hung up',
    'is it a Redis? One that speaks only TLS needs rediss://',
  ],
];

/** What it says of addresses and brokers that do not change by themselves. */
const wrong: readonly Known[] = [
  [/ENOTFOUND|EAI_AGAIN/, 'its name has no address', 'correct the name'],
  [
    /WRONGPASS|NOAUTH|invalid (username|password)/i,
    'it refuses the user or the password',
    'put both into the address: rediss://user:password@host:6379, percent-encoded',
  ],
  [
    noRights,
    'its user may not do what a fleet needs',
    'give the user the rights that docs/fleet.md lists under "Rights on the broker"',
  ],
  [
    /self[- ]signed|unable to verify|certificate|CERT_|ERR_TLS/i,
    'its certificate is not trusted here',
    'name the authority that signed it: NODE_EXTRA_CA_CERTS=ca.pem',
  ],
  [
    /wrong version number|packet length too long|SSL routines|EPROTO/,
    'it does not speak TLS on this port',
    'use its TLS port, or redis:// on this machine',
  ],
];

/** Why a broker could not be reached. */
export function explainBroker(url: string, cause: Error): UsageError {
  if (cause instanceof UsageError) return cause;
  const said = `${(cause as NodeJS.ErrnoException).code ?? ''} ${cause.message}`.trim();
  const known = [...wrong, ...away].find(([pattern]) => pattern.test(said));
  const [, reason, remedy] = known ?? [];
  // Without the cause: the client notes in it what it has sent, and so the password.
  const why = reason === undefined ? '' : `: ${reason}`;
  const address = addressOf(url);
  return new (known !== undefined && away.includes(known) ? BrokerAway : UsageError)({
    message: isRefusal(cause)
      ? `the fleet at ${address} cannot be used${why}`
      : `the fleet at ${address} cannot be reached${why}`,
    found: printable(said),
    ...(remedy !== undefined && { remedy }),
  });
}

export function missingLibraries(cause: Error): UsageError {
  return new UsageError(
    {
      message: 'a fleet needs packages that are not installed',
      found: printable(cause.message.split('\n')[0] ?? ''),
      remedy: 'npm install --save-dev bullmq ioredis',
    },
    { cause },
  );
}
