import { createRequire } from 'node:module';
import type { Edit } from 'jsonc-parser';
import { lineAt } from '../config/docblock/misplaced-pragmas.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { configExportOf } from './config-export.js';
import { importPlaceOf } from './import-place.js';
import {
  bare,
  childOf,
  childrenOf,
  isIdentifier,
  type Module,
  nodesIn,
  parseModule,
  requiredBy,
  type SyntaxNode,
  stringOf,
} from './parse-module.js';

const ourPackage = 'jest-runner-hardware';
const wrapper = 'withHardware';

/**
 * The source of a Jest config with `withHardware` around what it exports. Two or three insertions; every other byte stays.
 * @param file As the user knows it, for messages.
 * @returns The source itself where it is wrapped already.
 * @throws {UsageError} with the line and what to write by hand, for a form that cannot be wrapped safely.
 */
export function wrapModule(source: string, file: string): string {
  const module = parseModule(source);
  if (!('program' in module)) {
    throw refusal(file, module.line, `the file cannot be parsed: ${module.message}`);
  }
  const found = configExportOf(module, source);
  if ('message' in found) throw refusal(file, lineAt(source, found.offset), found.message);
  const { expression, openAt, isAssignedExport, isDeclaration } = found;
  const imported = importedFromUs(module);
  if (imported !== undefined && isCallOf(bare(expression), imported, source)) return source;
  if (imported === undefined && declares(module, wrapper))
    throw refusal(file, 1, `\`${wrapper}\` is a name of another thing in this file`);
  const style = styleOf(module, source, isAssignedExport);
  const needsSemicolon = isDeclaration && style.semicolon && !/^\s*;/.test(source.slice(expression.end));
  const edits: Edit[] = [
    ...(imported === undefined ? [importPlaceOf(module, source, style.statement)] : []),
    { offset: openAt, length: 0, content: `${imported ?? style.call}(` },
    { offset: expression.end, length: 0, content: needsSemicolon ? ');' : ')' },
  ];
  const { applyEdits } = createRequire(import.meta.url)('jsonc-parser') as typeof import('jsonc-parser');
  return applyEdits(source, edits);
}

function refusal(file: string, line: number, message: string): UsageError {
  return new UsageError({
    file,
    line,
    message,
    expected: 'one `export default …` or `module.exports = …` at the top of the file',
    remedy: `wrap the config by hand: \`${wrapper}(config)\` of '${ourPackage}' (docs/getting-started.md)`,
  });
}

/** How the file already calls `withHardware`. */
function importedFromUs({ program }: Module): string | undefined {
  for (const node of nodesIn(program)) {
    if (node.type === 'ImportDeclaration' && stringOf(childOf(node, 'source')) === ourPackage) {
      const call = node['importKind'] === 'type' ? undefined : calledBy(childrenOf(node, 'specifiers'));
      if (call !== undefined) return call;
    }
    if (node.type === 'TSImportEqualsDeclaration') {
      const reference = childOf(node, 'moduleReference');
      const name = reference === undefined ? undefined : stringOf(childOf(reference, 'expression'));
      if (name === ourPackage) return `${nameOf(childOf(node, 'id'))}.${wrapper}`;
    }
    const init = node.type === 'VariableDeclarator' ? childOf(node, 'init') : undefined;
    const target = childOf(node, 'id');
    if (init === undefined || target === undefined || requiredBy(init) !== ourPackage) continue;
    const call =
      target.type === 'Identifier'
        ? `${nameOf(target)}.${wrapper}`
        : calledBy(childrenOf(target, 'properties'));
    if (call !== undefined) return call;
  }
  return undefined;
}

/** By the names between the braces of an import or of a pattern. */
function calledBy(names: readonly SyntaxNode[]): string | undefined {
  for (const each of names) {
    if (each.type === 'ImportNamespaceSpecifier') return `${nameOf(childOf(each, 'local'))}.${wrapper}`;
    const isOurs = isIdentifier(childOf(each, 'imported') ?? childOf(each, 'key'), wrapper);
    const local = childOf(each, 'local') ?? childOf(each, 'value');
    if (isOurs && local?.type === 'Identifier') return nameOf(local);
  }
  return undefined;
}

function nameOf(node: SyntaxNode | undefined): string {
  return String(node?.['name']);
}

function isCallOf(node: SyntaxNode, call: string, source: string): boolean {
  const callee = node.type === 'CallExpression' ? childOf(node, 'callee') : undefined;
  return callee !== undefined && source.slice(callee.start, callee.end) === call;
}

function declares({ program }: Module, name: string): boolean {
  return [...nodesIn(program)].some((node) => isIdentifier(node, name));
}

/** The import as the file itself would write it. */
function styleOf({ program }: Module, source: string, isAssignedExport: boolean) {
  const strings = [...nodesIn(program)]
    .filter(({ type }) => type === 'StringLiteral' || type === 'DirectiveLiteral')
    .map(({ start }) => source[start]);
  const single = strings.filter((quote) => quote === "'").length;
  const quote = single * 2 >= strings.length ? "'" : '"';
  const statements = [...nodesIn(program)].filter(isEndedBySemicolon);
  const semicolon = statements.length === 0 || statements.some(({ end }) => source[end - 1] === ';');
  const name = `${quote}${ourPackage}${quote}`;
  const end = semicolon ? ';' : '';
  const isEsm = program.body.some(({ type }) => /^(?:Import|Export\w*)Declaration$/.test(type));
  if (isAssignedExport)
    return { statement: `import hardware = require(${name})${end}`, call: `hardware.${wrapper}`, semicolon };
  return isEsm
    ? { statement: `import { ${wrapper} } from ${name}${end}`, call: wrapper, semicolon }
    : { statement: `const { ${wrapper} } = require(${name})${end}`, call: wrapper, semicolon };
}

function isEndedBySemicolon(node: SyntaxNode): boolean {
  if (node.type === 'ExportDefaultDeclaration')
    return !/Declaration$/.test(childOf(node, 'declaration')?.type ?? '');
  return ended.has(node.type);
}

const ended = new Set([
  'Directive',
  'ExpressionStatement',
  'ImportDeclaration',
  'ReturnStatement',
  'TSExportAssignment',
  'TSImportEqualsDeclaration',
  'VariableDeclaration',
]);
