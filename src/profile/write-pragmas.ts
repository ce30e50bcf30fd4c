import { extract } from 'jest-docblock';
import { readDocblock } from './docblock.js';

/** A pragma with its value as it stands in a docblock: `host-memory`, `1536MiB`. */
export interface WrittenPragma {
  readonly name: string;
  readonly value: string;
}

/**
 * The source with these pragmas in its docblock: values replaced where the pragma stands, added where it does not. Nothing
 * else is touched.
 * @returns Undefined where that cannot be done safely: a shebang, a docblock with mistakes.
 */
export function withPragmas(source: string, pragmas: readonly WrittenPragma[]): string | undefined {
  const docblock = extract(source);
  if (source.startsWith('#!') || readDocblock(source, '').problems.length > 0) return undefined;
  const newline = source.includes('\r\n') ? '\r\n' : '\n';
  const lineOf = ({ name, value }: WrittenPragma) => ` * @${name} ${value}`;
  if (docblock === '') return ['/**', ...pragmas.map(lineOf), ' */', source].join(newline);
  const at = source.indexOf(docblock);
  let text = docblock;
  const added: string[] = [];
  for (const pragma of pragmas) {
    const standing = new RegExp(`(@${pragma.name})(?![\\w-])[^\\r\\n]*?(?=\\s*(?:\\r?\\n|\\*/))`);
    if (standing.test(text)) text = text.replace(standing, `$1 ${pragma.value}`);
    else added.push(lineOf(pragma));
  }
  const body = text.replace(/\s*\*\/$/, '');
  const opened = body.includes('\n') ? body : body.replace(/^\/\*\*\s*/, `/**${newline} * `);
  const closed = [opened, ...added, ' */'].join(newline);
  const written = source.slice(0, at) + closed + source.slice(at + docblock.length);
  return readDocblock(written, '').problems.length === 0 ? written : undefined;
}
