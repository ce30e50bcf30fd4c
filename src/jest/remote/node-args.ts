import { isAbsolute, relative, resolve, sep } from 'node:path';

/** Flags that change what code does. Not a debugger's, whose port is here, and none that read or write files here. */
const taken =
  /^--(no-warnings|expose-gc|harmony|enable-source-maps|experimental-|no-experimental-|conditions=|unhandled-rejections=|stack-trace-limit=|max-old-space-size=|max-semi-space-size=)/;
const files = /^--experimental-(config-file|default-config-file|sea-config|test-)/;

/** Flags that load a module before anything else. */
const loads = /^(-r|--require|--import|--loader|--experimental-loader)$/;

/**
 * Flags of Node.js for Jest on another machine: those of this process and of `NODE_OPTIONS`, as far as they mean something
 * there. Modules to load are packages, or files of the repository.
 * @param root Top of the repository here.
 * @param directory Where Jest is started, below it.
 */
export function nodeArgs(
  { execArgv, env, cwd }: Pick<NodeJS.Process, 'execArgv' | 'env' | 'cwd'>,
  root: string,
  directory: string,
): readonly string[] {
  const words = [...execArgv, ...(env['NODE_OPTIONS'] ?? '').split(' ')].filter((word) => word !== '');
  const args = words.flatMap((word, index): readonly string[] => {
    const [flag = '', ...rest] = word.split('=');
    if (!loads.test(flag)) return taken.test(word) && !files.test(word) ? [word] : [];
    const name = rest.length > 0 ? rest.join('=') : (words[index + 1] ?? '');
    const there = moduleThere(name);
    return there === undefined ? [] : [`${flag === '-r' ? '--require' : flag}=${there}`];
  });
  return [...new Set(args)];

  function moduleThere(name: string): string | undefined {
    if (!/^[./]/.test(name)) return name;
    const path = resolve(cwd(), name);
    const below = relative(root, path);
    if (below.startsWith('..') || isAbsolute(below)) return undefined;
    const fromStart = relative(resolve(root, directory), path).split(sep).join('/');
    return fromStart.startsWith('.') ? fromStart : `./${fromStart}`;
  }
}
