/** What stands between the start of a file and a comment, and makes Jest overlook that comment. */
export type Obstacle = 'nothing' | 'shebang' | 'line comment' | 'comment' | 'directive' | 'import';

export interface LeadingComment {
  /** With its delimiters. */
  readonly text: string;
  readonly offset: number;
  readonly kind: 'block' | 'line';
  /** The first thing that stands before it. */
  readonly after: Obstacle;
}

const tokens = [
  ['blank', /[\s;]+/y],
  ['block', /\/\*[\s\S]*?\*\//y],
  ['line', /\/\/[^\r\n\u2028\u2029]*/y],
  ['shebang', /#![^\r\n\u2028\u2029]*/y],
  ['directive', /(['"])use [a-z ]+\1/y],
  ['import', /import\b(?:[\w*{}\s,$]*?\bfrom\b)?\s*(['"])[^'"\r\n]*\1(?:\s*with\s*\{[^{}]*\})?/y],
  ['import', /(?:const|let|var)\b[\w{}\s,:$]*=\s*require\(\s*(['"])[^'"\r\n]*\1\s*\)/y],
] as const;

const obstacles = {
  block: 'comment',
  line: 'line comment',
  shebang: 'shebang',
  directive: 'directive',
  import: 'import',
} as const satisfies Record<string, Obstacle>;

/** The comments before the first code of a file; directives, imports and requires do not count as code here. */
export function leadingComments(source: string): readonly LeadingComment[] {
  const comments: LeadingComment[] = [];
  let after: Obstacle = 'nothing';
  let offset = 0;
  for (;;) {
    const [kind, text] = tokenAt(source, offset);
    if (kind === 'end') return comments;
    if (kind === 'block' || kind === 'line') comments.push({ text, offset, kind, after });
    if (kind !== 'blank' && after === 'nothing') after = obstacles[kind];
    offset += text.length;
  }
}

type Token = readonly [kind: (typeof tokens)[number][0] | 'end', text: string];

function tokenAt(source: string, offset: number): Token {
  for (const [kind, pattern] of tokens) {
    pattern.lastIndex = offset;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) return [kind, text];
  }
  return ['end', ''];
}
