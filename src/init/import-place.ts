import type { Edit } from 'jsonc-parser';
import { childOf, childrenOf, type Module, requiredBy, type SyntaxNode } from './parse-module.js';

/**
 * Where one more import goes: below the imports that begin the file, else at its top, yet below a comment that is the
 * file's own (a licence, `@ts-check`, Jest's docblock) and above one that belongs to the first statement (a JSDoc type).
 * @param statement The import, without a line break.
 */
export function importPlaceOf(module: Module, source: string, statement: string): Edit {
  const newline = source.includes('\r\n') ? '\r\n' : '\n';
  const { program } = module;
  const leading = program.body.slice(
    0,
    program.body.findIndex((each) => !isImport(each)),
  );
  const above = leading.at(-1) ?? program.directives.at(-1);
  if (above === undefined)
    return { offset: startOfCode(module, source), length: 0, content: `${statement}${newline}${newline}` };
  const gap = leading.length === 0 ? newline : '';
  const rest = /^[^\r\n]*/.exec(source.slice(above.end))?.[0] ?? '';
  const isAlone = /^\s*(?:\/\/.*|\/\*(?:(?!\*\/).)*\*\/\s*)?$/.test(rest);
  return {
    offset: above.end + (isAlone ? rest.length : 0),
    length: 0,
    content: `${gap}${newline}${statement}${isAlone ? '' : newline}`,
  };
}

/** A statement that does nothing but load modules. */
function isImport(statement: SyntaxNode): boolean {
  if (/^(?:ImportDeclaration|TSImportEqualsDeclaration)$/.test(statement.type)) return true;
  const expression = statement.type === 'ExpressionStatement' ? childOf(statement, 'expression') : undefined;
  if (expression !== undefined) return isLoading(expression);
  const declarators = statement.type === 'VariableDeclaration' ? childrenOf(statement, 'declarations') : [];
  return declarators.length > 0 && declarators.every((each) => isLoading(childOf(each, 'init')));
}

/** `require('x')`, and what is taken from it or called on it. */
function isLoading(node: SyntaxNode | undefined): boolean {
  if (node === undefined) return false;
  return (
    requiredBy(node) !== undefined || isLoading(childOf(node, 'object')) || isLoading(childOf(node, 'callee'))
  );
}

/** The first statement with the comments that belong to it. */
function startOfCode({ program, comments }: Module, source: string): number {
  const first = program.body[0]?.start ?? source.length;
  let start = first;
  for (const comment of comments.filter(({ end }) => end <= first).toReversed()) {
    const text = source.slice(comment.start, comment.end);
    const touches = /^[^\S\r\n]*(?:\r?\n)?[^\S\r\n]*$/.test(source.slice(comment.end, start));
    if (!touches || !belongsToCode.test(text) || text.includes('@jest-config')) break;
    start = comment.start;
  }
  return start;
}

const belongsToCode = /@(?:type|satisfies|param|returns?|ts-ignore|ts-expect-error)\b|next-line/;
