import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  childOf,
  childrenOf,
  isIdentifier,
  nodesIn,
  parseModule,
  requiredBy,
  type SyntaxNode,
  stringOf,
} from './parse-module.js';

export interface Imports {
  /** Names of modules as the source writes them. */
  readonly modules: ReadonlySet<string>;
  /** Those that the file replaces by `jest.mock` and the like. */
  readonly mocked: ReadonlySet<string>;
}

/** What a file loads by `import`, `export … from`, `require` and `import()`. Empty for a file that cannot be parsed. */
export function importsOf(source: string): Imports {
  const modules = new Set<string>();
  const mocked = new Set<string>();
  const module = parseModule(source);
  for (const node of 'program' in module ? nodesIn(module.program) : []) {
    const name = importedBy(node);
    if (name !== undefined) modules.add(name);
    const replaced = mockedBy(node);
    if (replaced !== undefined) mocked.add(replaced);
  }
  // A directive of TypeScript loads types as an import does.
  for (const [, name = ''] of source.matchAll(/^\/\/\/\s*<reference\s+types="([^"]+)"/gm)) modules.add(name);
  return { modules, mocked };
}

function importedBy(node: SyntaxNode): string | undefined {
  if (/^(?:Import|ExportNamed|ExportAll)Declaration$/.test(node.type)) {
    const name = stringOf(childOf(node, 'source'));
    // A type of another package needs no hardware; a package of types alone is told by its own row.
    return node['importKind'] === 'type' && !name?.endsWith('/types') ? undefined : name;
  }
  return node.type === 'ImportExpression' ? stringOf(childOf(node, 'source')) : requiredBy(node);
}

function mockedBy(node: SyntaxNode): string | undefined {
  const callee = node.type === 'CallExpression' ? childOf(node, 'callee') : undefined;
  if (callee?.type !== 'MemberExpression' || !isIdentifier(childOf(callee, 'object'), 'jest'))
    return undefined;
  const property = childOf(callee, 'property');
  const mocks = ['mock', 'doMock', 'unstable_mockModule', 'setMock'].some((name) =>
    isIdentifier(property, name),
  );
  return mocks ? stringOf(childrenOf(node, 'arguments')[0]) : undefined;
}

/** The file of the project that a relative import means, as far as no setting of Jest's changes that. */
export function resolveRelative(from: string, name: string): string | undefined {
  if (!/^\.{1,2}(?:\/|$)/.test(name)) return undefined;
  const path = join(dirname(from), name);
  // TypeScript's imports name the files that it writes.
  const written = path.replace(/\.([cm]?)js$/, '.$1ts');
  const candidates = [
    path,
    written,
    ...endings.map((each) => path + each),
    ...endings.map((each) => join(path, `index${each}`)),
  ];
  return candidates.find((each) => existsSync(each) && statSync(each).isFile());
}

const endings = ['.ts', '.tsx', '.js', '.jsx', '.mts', '.mjs', '.cts', '.cjs'] as const;
