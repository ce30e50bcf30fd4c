import { extract, parse } from 'jest-docblock';
import type { Pragma } from '../core/parse-workload.js';
import { isPragmaName, type PragmaName, type PragmaRow, pragmaNames, pragmas } from '../core/pragmas.js';
import type { UsageProblem } from '../core/usage-error.js';
import { splitList } from '../core/values.js';
import { type LeadingComment, leadingComments, type Obstacle } from './leading-comments.js';

export interface Docblock {
  /** All that Jest sees, those of other tools too, with 1-based lines. */
  readonly pragmas: readonly Pragma[];
  readonly problems: readonly UsageProblem[];
}

const mention = new RegExp(`@(?:${pragmaNames.join('|')})(?![\\w-])`);
const newline = /\r\n|[\n\r]/;
const pragmaLine = /^[\s*/]*@([\w-]+)(?![\w-])(.*)$/;

/**
 * Reads the pragmas of a test file as Jest does, and finds those that Jest would drop or misread without a word: in a
 * comment that is not the first thing of the file, with prose glued to the value, or two on a line.
 * A file that mentions none of our names costs two regular expressions.
 * @param file As the user knows it, for messages.
 */
export function readDocblock(source: string, file: string): Docblock {
  const text = extract(source);
  const offset = text === '' ? 0 : source.length - source.trimStart().length;
  const seen = text.includes('@')
    ? readSeen(text, lineAt(source, offset), file)
    : { pragmas: [], problems: [] };
  const unseen = mention.test(source.slice(offset + text.length))
    ? readUnseen(source, offset, text, file)
    : [];
  return { pragmas: seen.pragmas, problems: [...seen.problems, ...unseen] };
}

/** The first docblock, the one Jest sees. */
function readSeen(docblock: string, firstLine: number, file: string): Docblock {
  const values = new Map(Object.entries(parse(docblock)).map(([name, value]) => [name, [value].flat()]));
  const found: Pragma[] = [];
  const problems: UsageProblem[] = [];
  const body = docblock.replace(/^\/\*\*?/, '').replace(/\*\/$/, '');
  for (const [index, text] of body.split(/\r?\n/).entries()) {
    if (!text.includes('@')) continue;
    const line = firstLine + index;
    // Jest's own parser, asked line by line, tells what it sees where; asked for the whole, what it glues to that.
    const [name, own] =
      Object.entries(parse(text)).map(([key, value]) => [key, String(value).trim()] as const)[0] ?? [];
    const whole = name === undefined ? undefined : values.get(name)?.shift()?.trim();
    const hidden = hiddenPragma(text, name);
    if (hidden !== undefined) {
      problems.push({
        file,
        line,
        message: `Jest does not see \`@${hidden}\` here: ${name === undefined ? 'it is not the first thing on its line, or a tab precedes it' : `it belongs to the value of \`@${name}\``}`,
        found: text.trim(),
        remedy: `give \`@${hidden}\` a line of its own: \` * @${hidden} …\``,
      });
    } else if (name !== undefined && own !== undefined && whole !== undefined) {
      if (isPragmaName(name) && whole !== own && !own.endsWith(',')) {
        problems.push({
          file,
          line,
          message: `the text under \`@${name}\` becomes part of its value`,
          expected: `\`@${name}\`${own === '' ? '' : ` with the value \`${own}\``}`,
          found: whole,
          remedy: 'put an empty comment line (` *`) between them, or the text first',
        });
      } else {
        found.push({ name, value: whole, line });
      }
    }
  }
  return { pragmas: found, problems };
}

/** One of ours that stands on this line without Jest seeing it: behind another pragma or text, or after a tab. */
function hiddenPragma(line: string, seen: string | undefined): PragmaName | undefined {
  const rest = seen === undefined ? line : line.slice(line.indexOf(`@${seen}`) + seen.length + 1);
  // What follows `//` on the line is a remark, which Jest cuts off.
  for (const [, name = '', value = ''] of rest
    .replace(/\s\/\/.*$/, '')
    .matchAll(/(?<=^|[\s*/,;-])@([\w-]+)(?![\w-])([^@]*)/g)) {
    if (!isPragmaName(name)) continue;
    const alone = pragmaLine.exec(line)?.[1] === name;
    // Behind text it may be prose about pragmas: only what reads as one counts.
    if ((seen !== undefined && isPragmaName(seen)) || alone || isReadable(name, value)) return name;
  }
  return undefined;
}

/** Comments that Jest does not take for the docblock, though they hold pragmas of ours. */
function readUnseen(source: string, seenAt: number, seen: string, file: string): readonly UsageProblem[] {
  return leadingComments(source).flatMap((comment) => {
    if (seen !== '' && comment.offset === seenAt) return [];
    const lines = comment.text.split(newline);
    const index = lines.findIndex(isMeant);
    if (index === -1) return [];
    const pragma = pragmaLine.exec(lines[index] ?? '')?.[1] ?? '';
    const { why, remedy } = explain(comment);
    return [
      {
        file,
        line: lineAt(source, comment.offset) + index,
        message: `Jest does not see \`@${pragma}\` here: ${why}`,
        expected: 'pragmas in a comment `/** … */` that is the first thing in the file',
        found: (lines[index] ?? '').trim(),
        remedy,
      },
    ];
  });
}

/** Names that only we use count with any value, common words (`@feature`, `@priority`) only with one of ours. */
function isMeant(line: string): boolean {
  const [, name = '', value = ''] = pragmaLine.exec(line) ?? [];
  if (!isPragmaName(name)) return false;
  return name.includes('-') || name === 'hardware' || name === 'workload' || isReadable(name, value);
}

function isReadable(name: PragmaName, value: string): boolean {
  const row: PragmaRow = pragmas[name];
  const text = value.replace(/\*\/\s*$/, '').trim();
  return (row.kind === 'list' ? splitList(text) : [text]).every((item) => row.read(item).ok);
}

const reasons = {
  nothing: {
    why: 'it cannot read this comment',
    remedy: 'write it as `/** … */` with plain line ends (LF or CRLF)',
  },
  shebang: { why: 'the `#!` line stands first', remedy: 'remove the `#!` line: Jest does not use it' },
  'line comment': {
    why: 'a `//` comment stands first',
    remedy: 'move that comment (`// @ts-check` too) below this one',
  },
  comment: {
    why: 'another comment stands first',
    remedy: 'move the pragmas into the first comment, or that comment below this one',
  },
  directive: {
    why: "a directive such as `'use strict'` stands first",
    remedy: 'move the directive below this comment',
  },
  import: { why: 'code stands first', remedy: 'move this comment to the top of the file' },
} as const satisfies Record<Obstacle, { readonly why: string; readonly remedy: string }>;

function explain({ kind, after }: LeadingComment): { readonly why: string; readonly remedy: string } {
  if (kind === 'block') return reasons[after];
  return { why: 'this is a `//` comment', remedy: 'write `/** … */` at the top of the file' };
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split(newline).length;
}
