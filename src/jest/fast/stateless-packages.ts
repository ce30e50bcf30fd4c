import { createRequire } from 'node:module';

/**
 * Packages that Jest's own code uses and that keep nothing: their functions take strings and numbers, and what they return
 * stays within Jest. Jest itself takes `chalk` from outside of the suite in this way.
 */
const packages: ReadonlySet<string | undefined> = new Set([
  // Order of tests; eleven modules.
  'pure-rand',
  // Globs; six modules.
  'picomatch',
  // Lines of stack traces.
  'stack-utils',
  // For excerpts of code.
  '@babel/helper-validator-identifier',
]);

/** What Node finds for a module that requires a name. */
interface NodeModule {
  readonly path: string;
  readonly exports: unknown;
}

/** By the module that requires it and the name, as many as modules of Jest require them; null: Node finds none. */
const nodeModules = new Map<string, NodeModule | null>();

export function isStateless(name: string | undefined): name is string {
  return packages.has(name);
}

/**
 * The exports of this process's instance; undefined where Jest takes another file, by a resolver of the project's or the
 * conditions of its environment.
 * @param from Path of the module of Jest that requires it.
 * @param resolve Tells which file Jest takes.
 */
export function statelessExports(from: string, name: string, resolve: () => string): unknown {
  const key = `${from}\0${name}`;
  let known = nodeModules.get(key);
  if (known === undefined) {
    known = nodeModuleOf(from, name);
    nodeModules.set(key, known);
  }
  return known?.path === resolve() ? known.exports : undefined;
}

function nodeModuleOf(from: string, name: string): NodeModule | null {
  const require = createRequire(from);
  try {
    return { path: require.resolve(name), exports: require(name) };
  } catch {
    return null;
  }
}
