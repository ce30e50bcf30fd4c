import { createRequire } from 'node:module';
import type { ParserOptions } from '@babel/parser';

export interface Comment {
  /** With its delimiters. */
  readonly text: string;
  readonly offset: number;
  readonly kind: 'block' | 'line';
  /** Code stands before it; directives such as `'use strict'` do not count as code. */
  readonly isBehindCode: boolean;
}

const options = {
  sourceType: 'unambiguous',
  errorRecovery: true,
  attachComment: false,
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: true,
  allowNewTargetOutsideFunction: true,
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
  allowUndeclaredExports: true,
} as const satisfies ParserOptions;

type Plugins = NonNullable<ParserOptions['plugins']>;

/** Proposals that Babel knows beside the language itself, as long as they exclude nothing. */
const proposals: Plugins = [
  'asyncDoExpressions',
  'decoratorAutoAccessors',
  'decorators',
  'deferredImportEvaluation',
  'doExpressions',
  'explicitResourceManagement',
  'exportDefaultFrom',
  'functionBind',
  'sourcePhaseImports',
  'throwExpressions',
];

/** Type assertions (`<T>x`) and JSX exclude each other, so no dialect reads every file. */
const dialects = {
  typescript: ['typescript'],
  tsx: ['typescript', 'jsx'],
  flow: ['flow', 'jsx'],
} as const satisfies Record<string, Plugins>;

/**
 * Every comment of a JavaScript or TypeScript file, JSX and Flow too, in their order. What only looks like a comment in a
 * string, a template, a regular expression or the text of an element is none. Loads Babel's parser, which Jest brings.
 * @param file Its ending says which dialect to try first.
 * @returns Undefined for a file that is written in no dialect we know.
 */
export function commentsOf(source: string, file: string): readonly Comment[] | undefined {
  const { parse } = createRequire(import.meta.url)('@babel/parser') as typeof import('@babel/parser');
  for (const dialect of likelyDialects(file)) {
    try {
      const { comments, program } = parse(source, {
        ...options,
        plugins: [...dialects[dialect], ...proposals],
      });
      const codeAt = program.body[0]?.start ?? source.length;
      return (comments ?? []).map(({ type, start = 0, end = 0 }) => ({
        text: source.slice(start, end),
        offset: start,
        kind: type === 'CommentBlock' ? 'block' : 'line',
        isBehindCode: start > codeAt,
      }));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

function likelyDialects(file: string): readonly (keyof typeof dialects)[] {
  if (/\.[cm]?ts$/.test(file)) return ['typescript', 'tsx', 'flow'];
  if (file.endsWith('.tsx')) return ['tsx', 'typescript', 'flow'];
  return ['flow', 'tsx', 'typescript'];
}
