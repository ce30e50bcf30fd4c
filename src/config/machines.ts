import * as v from 'valibot';
import { bytesSyntax, parseBytes } from '../core/vocabulary/units.js';

/** Another machine that takes part in runs, as users write it. A text is its address alone. */
export interface RemoteMachineInput {
  /** What reports call it. Default: the host of its address. */
  readonly name?: string;
  /** `me@gpu-box:2222`, `ssh://gpu-box`, or an alias of the ssh config. */
  readonly ssh: string;
  /** Arguments for the system's `ssh`, before our own: `['-F', 'ci/ssh_config']`. Default none. */
  readonly sshArgs?: readonly string[];
  /** Where checkouts are kept there. Default `~/.cache/jest-runner-hardware`. */
  readonly directory?: string;
  /** Path of Node.js there. Default: it is looked for, also in the folders of version managers. */
  readonly node?: string;
  /** Command that installs dependencies there, run again when the lockfile changes; `false` for none. Default: the package manager's frozen install. */
  readonly setup?: string | false;
  /** How many suites run there at once, beside those on accelerators. Default: as many as it has CPU threads. */
  readonly workers?: number;
  /** A machine file for it: path, relative to rootDir, or content. Default none. */
  readonly machine?: string | Readonly<Record<string, unknown>>;
  /** Names of environment variables whose values the suites there get from here. Default none. */
  readonly env?: readonly string[];
  /** The command that starts Python there. Default `python3`. */
  readonly python?: string;
  /** Beside what the option of the same name says for all machines. */
  readonly sync?: SyncInput;
}

/** Which files are sent beside those that git does not ignore, as users write it. */
export interface SyncInput {
  /** Ignored files that are needed there all the same: globs from the project's directory on. Default none. */
  readonly include?: readonly string[];
  /** Most that included and untracked files may weigh together: `500MB`, or bytes. Default 100 MB. */
  readonly sizeCap?: number | string;
}

/** The same as it was read. */
export interface SyncConfig {
  readonly include?: readonly string[];
  /** Bytes. */
  readonly sizeCap?: number;
}

/** A machine as its description was read. */
export interface RemoteMachineConfig extends Omit<RemoteMachineInput, 'sync'> {
  readonly sync?: SyncConfig;
}

const text = v.pipe(v.string('a text'), v.nonEmpty('a text'));
const size = v.pipe(
  v.union([v.string(), v.number()], bytesSyntax),
  v.transform((value) => (typeof value === 'string' ? parseBytes(value) : value)),
  v.custom<number>((value) => typeof value === 'number' && value > 0, bytesSyntax),
);
const texts = v.array(text, 'an array of texts');

/** The option `sync`, and that of a machine. */
export const syncSchema = v.strictObject(
  { include: v.exactOptional(texts), sizeCap: v.exactOptional(size) },
  'an object such as { include: [] }',
);

const remoteMachine = v.strictObject(
  {
    name: v.exactOptional(
      v.pipe(v.string('a name'), v.regex(/^[\w.-]+$/, 'a name of letters, digits, `.`, `-` and `_`')),
    ),
    ssh: text,
    sshArgs: v.exactOptional(texts),
    directory: v.exactOptional(text),
    node: v.exactOptional(text),
    setup: v.exactOptional(v.union([text, v.literal(false)], 'a command, or false')),
    workers: v.exactOptional(
      v.pipe(
        v.number('an integer from 1 to 4096'),
        v.integer('an integer'),
        v.minValue(1, 'at least 1'),
        v.maxValue(4096, 'at most 4096'),
      ),
    ),
    machine: v.exactOptional(
      v.union([text, v.record(v.string(), v.unknown())], 'the path of a machine file, or its content'),
    ),
    env: v.exactOptional(texts),
    python: v.exactOptional(text),
    sync: v.exactOptional(syncSchema),
  },
  'an address such as ssh://gpu-box, or an object with `ssh`',
);

/** The option `machines`, as it may stand in the options. */
export const machinesSchema = v.array(
  v.pipe(
    v.union([text, remoteMachine], 'an address such as ssh://gpu-box, or an object with `ssh`'),
    v.transform((machine) => (typeof machine === 'string' ? { ssh: machine } : machine)),
  ),
  'an array of machines',
);

/** @param text What `JEST_HARDWARE_MACHINES` says: addresses, by comma or space. */
export function machinesOfText(text: string): readonly RemoteMachineConfig[] {
  return text
    .split(/[\s,]+/)
    .filter((address) => address !== '')
    .map((ssh) => ({ ssh }));
}
