import { posix } from 'node:path';
import ts from 'typescript';
import { mayImport } from './may-import.js';

/**
 * What a file of src does that its folder may not, each as one line.
 * @param path Below src, `/` separated.
 */
export function violationsOf(path: string, text: string): readonly string[] {
  return [...forbiddenImports(path, text), ...forbiddenNames(path, text)];
}

const rows: Readonly<Record<string, readonly string[]>> = mayImport;

/** The row that names the file most closely. */
export function rowOf(path: string): string | undefined {
  const named = Object.keys(rows).filter((row) => path === row || path.startsWith(`${row}/`));
  return named.sort((a, b) => b.length - a.length)[0];
}

function forbiddenImports(path: string, text: string): readonly string[] {
  const row = rowOf(path);
  if (row === undefined) return [`${path}: no row of mayImport holds it`];
  return importsOf(path, text).flatMap((imported) => {
    const isOwn = rowOf(imported) === row;
    const allowed = isOwn || rows[row]?.some((name) => covers(name, imported));
    return allowed ? [] : [`${path} imports ${imported}`];
  });
}

function covers(name: string, imported: string): boolean {
  if (name === 'node:') return imported.startsWith('node:');
  return imported === name || imported.startsWith(`${name}/`);
}

/** Files below src (as they are called there) and packages. */
function importsOf(path: string, text: string): readonly string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  return importedFiles.map(({ fileName }) => {
    if (!fileName.startsWith('.')) return packageOf(fileName);
    return posix.join(posix.dirname(path), fileName).replace(/\.(c?)js$/, '.$1ts');
  });
}

function packageOf(name: string): string {
  if (name.startsWith('node:')) return name;
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}

/** Time, chance and surroundings: with them the same events would no longer give the same decisions. */
const impure = [
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'console',
  'fetch',
  'crypto',
  'globalThis',
];

/**
 * Mathematics whose last bit differs between engines: 9 % of `x ** 0.7` do between Node 22 and 24. Shards that are
 * planned on several machines must agree.
 */
const engineDependent = [
  ...['exp', 'expm1', 'log', 'log10', 'log1p', 'log2', 'pow', 'cbrt', 'hypot'],
  ...[
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'atan2',
    'sinh',
    'cosh',
    'tanh',
    'asinh',
    'acosh',
    'atanh',
  ],
];

const plansAgree = ['core/planner/', 'core/offline/', 'core/vocabulary/hash.ts', 'core/vocabulary/random.ts'];

function forbiddenNames(path: string, text: string): readonly string[] {
  if (!path.startsWith('core/')) return [];
  const exact = plansAgree.some((place) => path.startsWith(place));
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isIdentifier(node) && impure.includes(node.text) && isGlobal(node)) found.push(node.text);
    if (ts.isPropertyAccessExpression(node) && node.expression.getText(source) === 'Math') {
      const name = node.name.text;
      if (name === 'random' || (exact && engineDependent.includes(name))) found.push(`Math.${name}`);
    }
    if (exact && ts.isBinaryExpression(node) && isPower(node.operatorToken.kind)) found.push('**');
    ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  visit(source);
  return found.map((name) => `${path} uses ${name}`);
}

function isPower(kind: ts.SyntaxKind): boolean {
  return kind === ts.SyntaxKind.AsteriskAsteriskToken || kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken;
}

/** Not a property `x.process`, and not the key of an object or a declaration. */
function isGlobal(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  return !('name' in parent && parent.name === node);
}
