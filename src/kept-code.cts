/**
 * Loads the code of this package. V8 takes longer to compile a megabyte of it than to run what a small test run needs, so
 * the compiled code is kept for the next process. Kept code is only as good as its file: whatever is not as expected, the
 * code is compiled anew. What a run loads of other packages is kept too, once a config asks for it (host/kept-modules.ts).
 */
import fs = require('node:fs');
import nodeModule = require('node:module');
import path = require('node:path');
import vm = require('node:vm');
import zlib = require('node:zlib');

type EntryName = 'index' | 'sequencer' | 'reporter' | 'main';
type Entries = { readonly [Name in EntryName]: unknown };

let entries: Entries | undefined;

/**
 * An entry of the package. All that one process asks for share one state.
 * @param build Identifies the code, so that kept code of another build is not taken for it.
 */
exports.entryOf = (name: EntryName, build: string): unknown => {
  entries ??= load(name, build);
  return entries[name];
};

function load(name: EntryName, build: string): Entries {
  const folder = keepsCode() ? cacheFolder() : undefined;
  return folder === undefined ? require('./entries.cjs') : loadKept(name, build, folder);
}

/** Functions of kept code are counted less exactly by V8, and inside a sandbox of Jest there is another `require`. */
function keepsCode(): boolean {
  const isSandbox = vm.runInThisContext('globalThis') !== globalThis;
  const { NODE_V8_COVERAGE, NODE_DISABLE_COMPILE_CACHE } = process.env;
  return !isSandbox && !NODE_V8_COVERAGE && !NODE_DISABLE_COMPILE_CACHE;
}

/** In the `node_modules` that this package lies in, as caches of tools are; undefined: it lies in none. */
function cacheFolder(): string | undefined {
  const parts = __dirname.split(path.sep);
  const index = parts.lastIndexOf('node_modules');
  return index < 0
    ? undefined
    : path.join(parts.slice(0, index + 1).join(path.sep), '.cache', 'jest-runner-hardware');
}

/** One file for each entry that a process may begin with, as each runs other functions. */
function loadKept(name: EntryName, build: string, folder: string): Entries {
  const filename = path.join(__dirname, 'entries.cjs');
  const file = path.join(folder, `${name}-${process.version}-${process.arch}.code`);
  const cachedData = readKept(file, build);
  // The code has no import(), which would not work in a script from kept code (scripts/build.mjs sees to it).
  // The build leaves only ASCII in it, which is read several times faster as such.
  const source = fs.readFileSync(filename, 'latin1');
  const script = new vm.Script(nodeModule.wrap(source), { filename, cachedData });
  if (cachedData === undefined || script.cachedDataRejected === true) {
    // At the end, when all functions that a run needs have been compiled.
    process.once('exit', () => writeKept(file, build, script.createCachedData()));
  }
  const built = { exports: {} };
  script.runInThisContext()(built.exports, require, built, filename, __dirname);
  return built.exports as Entries;
}

/** A file begins with the build and a checksum of what follows: V8 does not look whether kept code is damaged. */
function readKept(file: string, build: string): Buffer | undefined {
  let kept: Buffer;
  try {
    kept = fs.readFileSync(file);
  } catch {
    return undefined;
  }
  const headBytes = build.length + checksumDigits;
  const code = kept.subarray(headBytes);
  return headOf(build, code).equals(kept.subarray(0, headBytes)) ? code : undefined;
}

/** Whole or not at all; a folder that cannot be written costs only the next start's time. */
function writeKept(file: string, build: string, code: Buffer): void {
  // Loaded here, as most processes keep nothing new.
  const crypto: typeof import('node:crypto') = require('node:crypto');
  const draft = `${file}.${crypto.randomUUID()}.tmp`;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    try {
      fs.writeFileSync(draft, Buffer.concat([headOf(build, code), code]));
      fs.renameSync(draft, file);
    } finally {
      fs.rmSync(draft, { force: true });
    }
  } catch {
    // The next process tries again.
  }
}

const checksumDigits = 8;

function headOf(build: string, code: Buffer): Buffer {
  const checksum = zlib.crc32(code).toString(16).padStart(checksumDigits, '0');
  return Buffer.from(build + checksum, 'latin1');
}
