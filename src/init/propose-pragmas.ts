import { readFileSync } from 'node:fs';
import { readDocblock } from '../config/docblock/docblock.js';
import { profileOf } from '../config/docblock/profile.js';
import type { WrittenPragma } from '../config/docblock/write-pragmas.js';
import type { HardwareOptions } from '../config/options.js';
import type { PragmaName } from '../core/workload/pragmas.js';
import { type Imports, importsOf, resolveRelative } from './imports.js';
import knownPackages from './known-packages.json' with { type: 'json' };

/** A package that tells what the tests which import it need. */
interface KnownPackage {
  readonly packages: readonly string[];
  /** Regular expression: the row holds only where the file that imports the package, or the test, has such a text. */
  readonly mentions?: string;
  readonly pragmas: { readonly [Name in PragmaName]?: string };
  /** Clause that follows `imports …:`. */
  readonly why: string;
  /** Where that stands. */
  readonly source: string;
}

const rows: readonly KnownPackage[] = knownPackages;

export interface PragmaProposal {
  readonly pragmas: readonly WrittenPragma[];
  /** One clause for each package that is a reason. */
  readonly reasons: readonly string[];
}

export interface TestFile {
  readonly path: string;
  /** Relative to rootDir, `/` separated. */
  readonly suitePath: string;
  readonly source: string;
}

/**
 * Pragmas for a test file by what it imports, and what the files of the project import that it imports. A file whose
 * docblock or whose profile in the options already says where it runs gets none, and neither do mocked packages.
 * @param nameOf A path as the user knows it.
 * @returns Undefined where nothing is proposed.
 */
export function proposePragmas(
  test: TestFile,
  options: HardwareOptions,
  nameOf: (path: string) => string,
): PragmaProposal | undefined {
  const said = saidBy(test, options);
  if (said === undefined) return undefined;
  const own = importsOf(test.source);
  const pragmas = new Map<string, string>();
  const reasons: string[] = [];
  for (const file of [
    { path: test.path, source: test.source, imports: own },
    ...importedFiles(test.path, own),
  ]) {
    for (const row of rows) {
      const name = row.packages.find((each) => file.imports.modules.has(each) && !own.mocked.has(each));
      if (name === undefined || !isMentioned(row, [file.source, test.source])) continue;
      const added = Object.entries(row.pragmas).filter(
        ([pragma]) => !said.has(pragma) && !pragmas.has(pragma),
      );
      const isOther = Object.entries(row.pragmas).some(
        ([pragma, value]) => (pragmas.get(pragma) ?? value) !== value,
      );
      if (added.length === 0 || isOther) continue;
      for (const [pragma, value] of added) pragmas.set(pragma, value);
      reasons.push(
        `${file.path === test.path ? '' : `${nameOf(file.path)} `}imports ${name}: ${row.why} (${row.source})`,
      );
    }
  }
  if (pragmas.size === 0) return undefined;
  return { pragmas: [...pragmas].map(([name, value]) => ({ name, value })), reasons };
}

/** Pragmas that a proposal must leave alone; undefined where the user has decided where the file runs. */
function saidBy({ source, suitePath }: TestFile, options: HardwareOptions): ReadonlySet<string> | undefined {
  const outcome = profileOf({ source, file: suitePath, suitePath, options });
  if ('problems' in outcome) return undefined;
  const { hardware, backends, cpuThreads } = outcome.profile;
  if (backends.length > 0 || hardware.some((each) => each.class !== 'cpu')) return undefined;
  const written = readDocblock(source, suitePath, options.ignorePragmas).pragmas.map(({ name }) => name);
  if (written.some((name) => decides.has(name))) return undefined;
  return new Set([
    ...written,
    ...(cpuThreads === undefined ? [] : ['cpu']),
    ...(options.ignorePragmas ?? []),
  ]);
}

const decides: ReadonlySet<string> = new Set(['workload', 'hardware', 'backend', 'feature', 'precision']);

function importedFiles(path: string, { modules, mocked }: Imports) {
  return [...modules].flatMap((name) => {
    const file = mocked.has(name) ? undefined : resolveRelative(path, name);
    if (file === undefined) return [];
    const source = readFileSync(file, 'utf8');
    return [{ path: file, source, imports: isTold(source) ? importsOf(source) : nothing }];
  });
}

const nothing: Imports = { modules: new Set(), mocked: new Set() };

/** A cheap look before a file is parsed. */
function isTold(source: string): boolean {
  return rows.some(({ packages }) => packages.some((name) => source.includes(name)));
}

function isMentioned({ mentions }: KnownPackage, sources: readonly string[]): boolean {
  return mentions === undefined || sources.some((source) => new RegExp(mentions).test(source));
}
