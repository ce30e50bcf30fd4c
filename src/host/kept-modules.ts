import Module from 'node:module';
import { dirname, join, sep } from 'node:path';
import vm from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { packageFiles } from '../package-files.js';
import { KeptCode } from './kept-code-file.js';

/** Who loads which modules: the process of Jest, or one that runs suites. */
type Role = 'run' | 'worker';

let isStarted = false;
let kept: KeptCode | undefined;
let restoreLoader = () => {};

/**
 * Keeps V8's code of the packages that this process loads from now on (Jest's, Babel's, jsdom's) for the next process of
 * the same role, until `closeKeptModules` is called. From Node 22 on Node itself does so, until the process ends; the
 * function that compiles a module is replaced on Node 20 only. Does nothing from the second call on.
 */
export function keepModules(role: Role): void {
  const folder = isStarted || !mayKeep() ? undefined : cacheFolder();
  if (folder === undefined) return;
  isStarted = true;
  kept = new KeptCode(join(folder, `${role}-modules-${process.version}-${process.arch}.code`));
  const { enableCompileCache } = Module as { enableCompileCache?: (folder: string) => void };
  if (enableCompileCache === undefined) restoreLoader = interceptCompile();
  else enableCompileCache(folder);
}

/** Leaves Node's loader as it was, and writes what is new. */
export function closeKeptModules(): void {
  restoreLoader();
  kept?.close();
  kept = undefined;
}

/**
 * A script whose code is kept as that of modules is; undefined: nothing is kept now.
 * @param name Unique among all that is kept.
 * @param make Makes the script of the source, with the code that was kept of it.
 */
export function keptScript(
  name: string,
  source: string,
  make: (cachedData: Buffer | undefined) => vm.Script,
): vm.Script | undefined {
  if (kept === undefined) return undefined;
  const checksum = crc32(source);
  const cachedData = kept.read(name, checksum);
  // On Node 20 import() fails in kept code. What is kept has none.
  if (cachedData === undefined && /\bimport\s*[(/]/.test(source)) return undefined;
  try {
    const script = make(cachedData);
    if (cachedData === undefined || script.cachedDataRejected) kept.add(name, checksum, script);
    return script;
  } catch {
    // Who compiles it otherwise tells what is wrong.
    return undefined;
  }
}

/** V8 counts functions of kept code less exactly, and a sandbox of Jest has loaders of its own. */
function mayKeep(): boolean {
  const { NODE_V8_COVERAGE, NODE_DISABLE_COMPILE_CACHE } = process.env;
  const isSandbox = vm.runInThisContext('globalThis') !== globalThis;
  return isMainThread && !isSandbox && !NODE_V8_COVERAGE && !NODE_DISABLE_COMPILE_CACHE;
}

/** In the `node_modules` that this package lies in; undefined: it lies in none. */
function cacheFolder(): string | undefined {
  const parts = dirname(packageFiles.manifest).split(sep);
  const end = parts.lastIndexOf('node_modules') + 1;
  return end === 0 ? undefined : join(parts.slice(0, end).join(sep), '.cache', 'jest-runner-hardware');
}

/** What of Node's loader is not in its types, and is used as it has been since Node 12. */
interface Loader {
  readonly prototype: { _compile: Compile };
  readonly wrapper: readonly [string, string];
  wrap(source: string): string;
  _resolveFilename(request: string, parent: Module, isMain: boolean, options?: unknown): string;
  _resolveLookupPaths(request: string, parent: Module): string[] | null;
  readonly _extensions: NodeJS.RequireExtensions;
  readonly _cache: NodeJS.Dict<Module>;
}
type Compile = (this: Module, source: string, filename: string, format?: string) => unknown;

function interceptCompile(): () => void {
  const loader = Module as unknown as Loader;
  const { _compile: compile } = loader.prototype;
  const intercepted: Compile = function (source, filename, format) {
    const isPackage = filename.includes(`${sep}node_modules${sep}`) && !source.startsWith('#!');
    const script = isPackage && format !== 'module' ? scriptOf(loader, source, filename) : undefined;
    if (script === undefined) return compile.call(this, source, filename, format);
    const { exports } = this;
    return script
      .runInThisContext()
      .call(exports, exports, requireOf(loader, this), this, filename, dirname(filename));
  };
  loader.prototype._compile = intercepted;
  return () => {
    if (loader.prototype._compile === intercepted) loader.prototype._compile = compile;
  };
}

/** Undefined: the module is left to Node, which also knows whether it is an ES module after all. */
function scriptOf(loader: Loader, source: string, filename: string): vm.Script | undefined {
  return keptScript(
    filename,
    source,
    (cachedData) =>
      new vm.Script(loader.wrap(source), {
        filename,
        // The columns of the first line stay those of the file.
        columnOffset: -loader.wrapper[0].length,
        cachedData,
      }),
  );
}

/** As Node makes it for each module. */
function requireOf(loader: Loader, module: Module): NodeJS.Require {
  const resolve = Object.assign(
    (request: string, options?: unknown) => loader._resolveFilename(request, module, false, options),
    { paths: (request: string) => loader._resolveLookupPaths(request, module) },
  );
  return Object.assign((id: string) => module.require(id) as unknown, {
    resolve,
    main: process.mainModule,
    extensions: loader._extensions,
    cache: loader._cache,
  });
}
