import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';

type Call = (...args: readonly unknown[]) => unknown;
type Functions = Record<string, Call>;

/** Functions of `node:fs` that make an entry of a folder. */
const makeEntries = ['copyFile', 'cp', 'link', 'mkdir', 'mkdtemp', 'symlink'] as const;
/** Those that write to the file of a path or descriptor. */
const writeFiles = ['appendFile', 'write', 'writeFile', 'writev'] as const;

/**
 * Lets this process find every disk full: what writes files or makes folders by `node:fs` fails with `ENOSPC`. Pipes, terminals
 * and devices take what is written.
 * @returns Lets them have room again.
 */
export function fillDisks(): () => void {
  const originals = new Map<Functions, Functions>();
  const replace = (object: Functions, name: string, lacksRoom: (args: readonly unknown[]) => boolean) => {
    const original = object[name];
    if (original === undefined) return;
    originals.set(object, { ...originals.get(object), [name]: original });
    object[name] = replacementOf(name, original, lacksRoom, object === promises);
  };
  const everywhere = (name: string, lacksRoom: (args: readonly unknown[]) => boolean) => {
    for (const each of [name, `${name}Sync`]) replace(callbacks, each, lacksRoom);
    replace(promises, name, lacksRoom);
  };
  for (const name of makeEntries) everywhere(name, () => true);
  for (const name of writeFiles) everywhere(name, ([file]) => isOnDisk(file));
  everywhere('open', ([path, flags]) => makesFile(flags) && isOnDisk(path));
  syncBuiltinESMExports();
  return () => {
    for (const [object, functions] of originals) Object.assign(object, functions);
    syncBuiltinESMExports();
  };
}

const callbacks = fs as unknown as Functions;
const promises = fs.promises as unknown as Functions;

function replacementOf(
  name: string,
  original: Call,
  lacksRoom: (args: readonly unknown[]) => boolean,
  isPromised: boolean,
): Call {
  const replacement: Call = (...args) => {
    if (!lacksRoom(args)) return original(...args);
    const error = noSpace(name.replace(/Sync$/, ''), args[0]);
    if (name.endsWith('Sync')) throw error;
    if (isPromised) return Promise.reject(error);
    const callback = args.at(-1) as Call;
    process.nextTick(() => callback(error));
    return undefined;
  };
  // Some of them have a form of their own for `promisify`.
  const { [promisify.custom]: promised } = original as unknown as Record<symbol, Call | undefined>;
  if (promised === undefined) return replacement;
  const custom: Call = async (...args) => {
    if (lacksRoom(args)) throw noSpace(name, args[0]);
    return promised(...args);
  };
  return Object.assign(replacement, { [promisify.custom]: custom });
}

/** What is not there yet would be. */
function isOnDisk(file: unknown): boolean {
  const stat =
    typeof file === 'number'
      ? fs.fstatSync(file)
      : fs.statSync(file as fs.PathLike, { throwIfNoEntry: false });
  return stat?.isFile() ?? true;
}

function makesFile(flags: unknown): boolean {
  return typeof flags === 'number'
    ? (flags & fs.constants.O_CREAT) !== 0
    : /^[aw]/.test(String(flags ?? 'r'));
}

function noSpace(syscall: string, file: unknown): NodeJS.ErrnoException {
  const path = typeof file === 'number' ? {} : { path: String(file) };
  const what = path.path === undefined ? syscall : `${syscall} '${path.path}'`;
  const error = new Error(`ENOSPC: no space left on device, ${what} (by the option chaos)`);
  return Object.assign(error, { errno: -28, code: 'ENOSPC', syscall, ...path });
}
