import {
  bare,
  childOf,
  childrenOf,
  isIdentifier,
  type Module,
  nodesIn,
  type SyntaxNode,
} from './parse-module.js';

/** Where a module hands over its Jest config. */
export interface ConfigExport {
  readonly expression: SyntaxNode;
  /** The statement, or the `module.exports` that is assigned to. */
  readonly target: SyntaxNode;
  /** Where a call around the expression opens: before a JSDoc cast, which belongs to the expression. */
  readonly openAt: number;
  /** `export =` of TypeScript: what it imports, it should import by `import … = require(…)`. */
  readonly isAssignedExport: boolean;
  /** A declaration, which becomes an expression when it is wrapped and then needs a semicolon. */
  readonly isDeclaration: boolean;
}

/** Why a module cannot be wrapped. */
export interface NotUnderstood {
  readonly message: string;
  /** Where in the source. */
  readonly offset: number;
}

/**
 * Finds the one expression that a module exports as its Jest config: `export default`, `module.exports =` or `export =` at
 * the top of the module. Refuses what a call around this expression would not reach, such as keys that are set later.
 */
export function configExportOf({ program }: Module, source: string): ConfigExport | NotUnderstood {
  const found = program.body.flatMap((statement) => exportBy(statement, source));
  const reason = unreachable(program, found);
  if (reason !== undefined) return reason;
  const [first, second] = found;
  if (first === undefined)
    return { message: 'the file exports no config by `export default` or `module.exports =`', offset: 0 };
  if (second !== undefined) return { message: 'the file exports a second config', offset: second.openAt };
  return changedLater(first, program) ?? first;
}

function exportBy(statement: SyntaxNode, source: string): readonly ConfigExport[] {
  const { type, start } = statement;
  if (type === 'ExportDefaultDeclaration') {
    const expression = childOf(statement, 'declaration');
    if (expression === undefined || expression.type === 'ClassDeclaration') return [];
    const isDeclaration = expression.type === 'FunctionDeclaration';
    const openAt = opening(source, start, expression, /^export\s+default\s*/);
    return [{ expression, target: statement, openAt, isAssignedExport: false, isDeclaration }];
  }
  if (type === 'TSExportAssignment') {
    const expression = childOf(statement, 'expression');
    if (expression === undefined) return [];
    const openAt = opening(source, start, expression, /^export\s*=\s*/);
    return [{ expression, target: statement, openAt, isAssignedExport: true, isDeclaration: false }];
  }
  const assignment = type === 'ExpressionStatement' ? childOf(statement, 'expression') : undefined;
  const target = assignment === undefined ? undefined : assignedExports(assignment);
  const expression = assignment === undefined ? undefined : childOf(assignment, 'right');
  if (target === undefined || expression === undefined) return [];
  const openAt = opening(source, target.end, expression, /^\s*=\s*/);
  return [{ expression, target, openAt, isAssignedExport: false, isDeclaration: false }];
}

/** Right behind the words that export, where only blanks and comments come before the expression. */
function opening(source: string, from: number, expression: SyntaxNode, words: RegExp): number {
  const before = words.exec(source.slice(from, expression.start));
  return before === null ? expression.start : from + before[0].length;
}

/** The `module.exports` that an expression assigns to. */
function assignedExports(node: SyntaxNode): SyntaxNode | undefined {
  const left =
    node.type === 'AssignmentExpression' && node['operator'] === '=' ? childOf(node, 'left') : undefined;
  return left !== undefined && isModuleExports(left) ? left : undefined;
}

function isModuleExports(node: SyntaxNode): boolean {
  const property = childOf(node, 'property');
  const names =
    isIdentifier(property, 'exports') ||
    (property?.type === 'StringLiteral' && property['value'] === 'exports');
  return node.type === 'MemberExpression' && isIdentifier(childOf(node, 'object'), 'module') && names;
}

/** Exports that a call around the one expression would miss. */
function unreachable(program: SyntaxNode, found: readonly ConfigExport[]): NotUnderstood | undefined {
  for (const node of nodesIn(program)) {
    const { type, start: offset } = node;
    if (isModuleExports(node) && !found.some(({ target }) => target === node))
      return {
        message: '`module.exports` is used here beside the one assignment at the top of the file',
        offset,
      };
    if (isSetOnExports(node)) return { message: 'keys of `exports` are set one by one', offset };
    if (type === 'ClassDeclaration' && found.length === 0 && isDefault(node, program))
      return { message: 'a class is exported', offset };
    const specifiers = type === 'ExportNamedDeclaration' ? childrenOf(node, 'specifiers') : [];
    if (specifiers.some((each) => isIdentifier(childOf(each, 'exported'), 'default')))
      return { message: 'the config is exported by a list (`export { … as default }`)', offset };
  }
  return undefined;
}

function isSetOnExports(node: SyntaxNode): boolean {
  const left = node.type === 'AssignmentExpression' ? childOf(node, 'left') : undefined;
  if (left === undefined) return false;
  return (
    isIdentifier(left, 'exports') ||
    (left.type === 'MemberExpression' && isIdentifier(childOf(left, 'object'), 'exports'))
  );
}

function isDefault(declaration: SyntaxNode, { body }: SyntaxNode): boolean {
  return (body as readonly SyntaxNode[]).some(
    (each) => each.type === 'ExportDefaultDeclaration' && childOf(each, 'declaration') === declaration,
  );
}

/** `withHardware` copies the config: what is set on the original afterwards would be lost. */
function changedLater(
  { expression, isDeclaration }: ConfigExport,
  program: SyntaxNode,
): NotUnderstood | undefined {
  const named = isDeclaration ? childOf(expression, 'id') : bare(expression);
  if (named?.type !== 'Identifier') return undefined;
  const name = String(named['name']);
  const declared = new Set<SyntaxNode | undefined>();
  for (const node of nodesIn(program)) {
    // A function may be declared below its use. The name of a property is another name.
    if (node.type === 'FunctionDeclaration') declared.add(childOf(node, 'id'));
    if (node.type === 'MemberExpression' && node['computed'] !== true)
      declared.add(childOf(node, 'property'));
    if (node.type === 'ObjectProperty' && node['computed'] !== true) declared.add(childOf(node, 'key'));
    const isElsewhere = isDeclaration ? node !== named : node.start > expression.end;
    if (!isElsewhere || !isIdentifier(node, name) || declared.has(node)) continue;
    return { message: `\`${name}\` is still used after it is exported`, offset: node.start };
  }
  return undefined;
}
