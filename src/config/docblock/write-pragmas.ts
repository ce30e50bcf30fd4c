import { extract } from 'jest-docblock';
import { parseWorkload } from '../../core/workload/parse.js';
import { readDocblock } from './docblock.js';

/** A pragma with its value as it stands in a docblock: `host-memory`, `1536MiB`. */
export interface WrittenPragma {
  readonly name: string;
  readonly value: string;
}

/**
 * The source with these pragmas in its docblock: values replaced where the pragma stands, added where it does not. Nothing
 * else is touched.
 * @param ignored Names of pragmas that are another tool's in this project.
 * @returns Undefined where that cannot be done safely: a shebang, a docblock with mistakes or one where other tools' words
 * would become ours.
 */
export function withPragmas(
  source: string,
  pragmas: readonly WrittenPragma[],
  ignored: readonly string[] = [],
): string | undefined {
  const docblock = extract(source);
  if (source.startsWith('#!') || hasMistakes(source, ignored)) return undefined;
  const newline = source.includes('\r\n') ? '\r\n' : '\n';
  const lineOf = ({ name, value }: WrittenPragma) => ` * @${name} ${value}`;
  if (docblock === '') return ['/**', ...pragmas.map(lineOf), ' */', source].join(newline);
  const at = source.indexOf(docblock);
  let text = docblock;
  const own = readDocblock(source, '', ignored).pragmas.map(({ name }) => name);
  const added: string[] = [];
  for (const pragma of pragmas) {
    const standing = new RegExp(`(@${pragma.name})(?![\\w-])[^\\r\\n]*?(?=\\s*(?:\\r?\\n|\\*/))`);
    const stands = standing.test(text);
    if (stands && !own.includes(pragma.name)) return undefined;
    if (stands) text = text.replace(standing, `$1 ${pragma.value}`);
    else added.push(lineOf(pragma));
  }
  const body = text.replace(/\s*\*\/$/, '');
  const opened = body.includes('\n') ? body : body.replace(/^\/\*\*\s*/, `/**${newline} * `);
  const closed = [opened, ...added, ' */'].join(newline);
  const written = source.slice(0, at) + closed + source.slice(at + docblock.length);
  return hasMistakes(written, ignored) ? undefined : written;
}

function hasMistakes(source: string, ignored: readonly string[]): boolean {
  const { pragmas, problems } = readDocblock(source, '', ignored);
  return problems.length > 0 || parseWorkload(pragmas, { kind: 'docblock', file: '' }).problems.length > 0;
}
