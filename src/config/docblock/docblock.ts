import { extract, parse } from 'jest-docblock';
import type { UsageProblem } from '../../core/vocabulary/usage-error.js';
import {
  type DocblockContext,
  isOthers,
  isReadable,
  isUnmistakable,
} from '../../core/workload/own-pragma.js';
import type { Pragma } from '../../core/workload/parse.js';
import { isPragmaName, type PragmaName, pragmas } from '../../core/workload/pragmas.js';
import { lineAt, misplacedPragmas } from './misplaced-pragmas.js';

export interface Docblock {
  /** What Jest sees, with 1-based lines: ours, and names that nobody could take for ours. */
  readonly pragmas: readonly Pragma[];
  readonly problems: readonly UsageProblem[];
}

const pragmaLine = /^[\s*/]*@([\w-]+)(?![\w-])(.*)$/;

/**
 * Reads the pragmas of a test file as Jest does, and finds those that Jest would drop or misread without a word: in a
 * comment that is not the first thing of the file, with prose glued to the value, or two on a line. Words that other tools
 * use too are left to them (see `isOthers`).
 * @param file As the user knows it, for messages.
 * @param ignored Names of pragmas that are another tool's in this project.
 */
export function readDocblock(source: string, file: string, ignored: readonly string[] = []): Docblock {
  const text = extract(source);
  const offset = text === '' ? 0 : source.length - source.trimStart().length;
  const seen = text.includes('@')
    ? readSeen(text, lineAt(source, offset), file, ignored)
    : { pragmas: [], problems: [] };
  const misplaced = misplacedPragmas(source, { offset, text }, file, ignored);
  return { pragmas: seen.pragmas, problems: [...seen.problems, ...misplaced] };
}

/** What Jest sees on a line of the docblock. */
interface SeenName {
  readonly name: string | undefined;
  readonly isOthers: boolean;
}

/** The first docblock, the one Jest sees. */
function readSeen(docblock: string, firstLine: number, file: string, ignored: readonly string[]): Docblock {
  const values = new Map(Object.entries(parse(docblock)).map(([name, value]) => [name, [value].flat()]));
  const found: Pragma[] = [];
  const problems: UsageProblem[] = [];
  const body = docblock.replace(/^\/\*\*?/, '').replace(/\*\/$/, '');
  const lines = body.split(/\r?\n/);
  const names = [...values.keys(), ...lines.map((line) => pragmaLine.exec(line)?.[1] ?? '')];
  const context: DocblockContext = {
    ignored,
    isOurDocblock: names.some((name) => isUnmistakable(name, ignored)),
  };
  for (const [index, text] of lines.entries()) {
    if (!text.includes('@')) continue;
    const line = firstLine + index;
    // Jest's own parser, asked line by line, tells what it sees where; asked for the whole, what it glues to that.
    const [written, own] =
      Object.entries(parse(text)).map(([key, value]) => [key, String(value).trim()] as const)[0] ?? [];
    const whole = written === undefined ? undefined : values.get(written)?.shift()?.trim();
    // Behind a second `/**`, Jest sees it on the line alone.
    const name = whole === undefined ? undefined : written;
    const possible = [own ?? '', whole ?? ''].map(beforeNextPragma);
    const seen = { name, isOthers: name !== undefined && isOthers(name, possible, context) };
    const hidden = hiddenPragma(text, seen, context);
    if (hidden !== undefined) {
      problems.push({
        file,
        line,
        message: `Jest does not see \`@${hidden}\` here: ${name === undefined ? 'it is not the first thing on its line, or a tab precedes it' : `it belongs to the value of \`@${name}\``}`,
        found: text.trim(),
        remedy: `give \`@${hidden}\` a line of its own: \` * @${hidden} …\``,
      });
    } else if (!seen.isOthers && name !== undefined && own !== undefined && whole !== undefined) {
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

function beforeNextPragma(value: string): string {
  return value.replace(/(?:^|\s)@.*$/s, '');
}

/** One of ours that stands on this line without Jest seeing it: behind another pragma or text, or after a tab. */
function hiddenPragma(line: string, seen: SeenName, context: DocblockContext): PragmaName | undefined {
  const rest =
    seen.name === undefined ? line : line.slice(line.indexOf(`@${seen.name}`) + seen.name.length + 1);
  const isBehindOurs =
    seen.name !== undefined && isPragmaName(seen.name) && !context.ignored.includes(seen.name);
  // What follows `//` on the line is a remark, which Jest cuts off.
  for (const [, name = '', value = ''] of rest
    .replace(/\s\/\/.*$/, '')
    .matchAll(/(?<=^|[\s*/,;-])@([\w-]+)(?![\w-])([^@]*)/g)) {
    if (!isPragmaName(name) || isOthers(name, [value], context)) continue;
    if (seen.isOthers && pragmas[name].isCommonWord) continue;
    const alone = pragmaLine.exec(line)?.[1] === name;
    // Behind text it may be prose about pragmas: only what reads as one counts.
    if (isBehindOurs || alone || isReadable(name, value)) return name;
  }
  return undefined;
}
