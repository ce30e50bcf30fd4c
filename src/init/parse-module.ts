import { createRequire } from 'node:module';
import type { ParserOptions } from '@babel/parser';

/** What is asked of a node of Babel's syntax tree here; all other keys hold nodes, lists of nodes or plain values. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

interface Program extends SyntaxNode {
  readonly body: readonly SyntaxNode[];
  readonly directives: readonly SyntaxNode[];
  readonly interpreter: SyntaxNode | null;
}

export interface Module {
  readonly program: Program;
  /** In their order. */
  readonly comments: readonly SyntaxNode[];
}

export interface SyntaxMistake {
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

const options = {
  sourceType: 'unambiguous',
  attachComment: false,
  // Parentheses are nodes, so that a call can be put around them.
  createParenthesizedExpressions: true,
  allowAwaitOutsideFunction: true,
  allowReturnOutsideFunction: true,
} as const satisfies ParserOptions;

/** Type assertions (`<T>x`) and JSX exclude each other. */
const dialects = [['typescript'], ['typescript', 'jsx'], ['flow', 'jsx']] as const;

/** The syntax tree of a JavaScript or TypeScript file, or where it has none. Loads Babel's parser, which Jest brings. */
export function parseModule(source: string): Module | SyntaxMistake {
  const { parse } = createRequire(import.meta.url)('@babel/parser') as typeof import('@babel/parser');
  let first: SyntaxMistake | undefined;
  for (const dialect of dialects) {
    try {
      const { program, comments } = parse(source, { ...options, plugins: [...dialect, 'decorators'] });
      return { program, comments: comments ?? [] } as unknown as Module;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const { loc } = error as { loc?: { line: number } };
      first ??= { line: loc?.line ?? 1, message: error.message };
    }
  }
  return first ?? { line: 1, message: 'no dialect of JavaScript' };
}

/** A node and everything in it, in the order of the source. */
export function* nodesIn(node: SyntaxNode): Iterable<SyntaxNode> {
  yield node;
  for (const value of Object.values(node)) {
    for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) yield* nodesIn(each);
  }
}

/** A child of a node, by the node's key. */
export function childOf(node: SyntaxNode, key: string): SyntaxNode | undefined {
  const value = node[key];
  return isNode(value) ? value : undefined;
}

/** Children of a node that stand in a list, by the node's key. */
export function childrenOf(node: SyntaxNode, key: string): readonly SyntaxNode[] {
  const value = node[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The expression inside parentheses and what only TypeScript sees. */
export function bare(node: SyntaxNode): SyntaxNode {
  const inner = transparent.has(node.type) ? childOf(node, 'expression') : undefined;
  return inner === undefined ? node : bare(inner);
}

const transparent = new Set([
  'ParenthesizedExpression',
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
  'TSNonNullExpression',
  'TypeCastExpression',
]);

/** The module that a call `require('x')` or `import('x')` names. */
export function requiredBy(node: SyntaxNode): string | undefined {
  const callee = node.type === 'CallExpression' ? childOf(node, 'callee') : undefined;
  if (callee === undefined || !(callee.type === 'Import' || isIdentifier(callee, 'require')))
    return undefined;
  return stringOf(childrenOf(node, 'arguments')[0]);
}

export function isIdentifier(node: SyntaxNode | undefined, name: string): boolean {
  return node?.type === 'Identifier' && node['name'] === name;
}

/** The value of a string in the source. */
export function stringOf(node: SyntaxNode | undefined): string | undefined {
  return node?.type === 'StringLiteral' ? String(node['value']) : undefined;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}
