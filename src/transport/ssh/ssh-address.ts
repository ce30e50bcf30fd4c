import { UsageError } from '../../core/vocabulary/usage-error.js';

/** Whom to log in as, and where, as the system's `ssh` takes it. */
export interface SshAddress {
  /** `me@gpu-box`, or an alias of the user's ssh config. */
  readonly destination: string;
  /** Left out: what ssh's config says, else 22. */
  readonly port?: number;
}

const expected = 'ssh://HOST, ssh://USER@HOST:PORT, or USER@HOST:PORT';

/**
 * Reads `ssh://me@gpu-box:2222` or `me@gpu-box:2222`; an alias of the ssh config is a host too.
 * @param where What to call it in messages: `option machines`.
 * @throws UsageError for anything else, such as what ssh would take for an option.
 */
export function parseSshAddress(text: string, where: string): SshAddress {
  const rest = text.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  const match =
    /^(?:(?<user>[^@\s:/]+)@)?(?<host>\[[\da-fA-F:.%\w]+\]|[^@\s:/[\]]+)(?::(?<port>\d{1,5}))?$/.exec(rest);
  const { user, host = '', port } = match?.groups ?? {};
  const isOption = (user ?? host).startsWith('-');
  const number = port === undefined ? undefined : Number(port);
  if (match === null || isOption || number === 0 || (number ?? 0) > 65_535) {
    throw new UsageError({
      message: `${where}: \`${text}\` is no address of a machine`,
      expected,
      found: text,
      remedy: /[:/]\//.test(rest)
        ? 'leave out what follows the host; a folder there is `directory`'
        : `write ${expected.replace(', or', ' or')}`,
    });
  }
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return {
    destination: user === undefined ? bare : `${user}@${bare}`,
    ...(number !== undefined && { port: number }),
  };
}

/** The machine's name in reports where it has no other: the host, without user and port. An IPv6 address has `-` for `:`. */
export function nameOfAddress({ destination }: SshAddress): string {
  const host = destination.slice(destination.lastIndexOf('@') + 1);
  return host.includes(':') ? `ip6-${host.replaceAll(/[^\w.]+/g, '-').replace(/^-+/, '')}` : host;
}
