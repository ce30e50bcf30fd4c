import type { UsageProblem } from '../vocabulary/usage-error.js';
import { isPragmaName, optionKey, type PragmaDefinition, type PragmaName, pragmas } from './pragmas.js';
import type { Origin, ProfileLayer, ProfilePart, WorkloadProfile } from './profile.js';
import { unknownPragma } from './unknown-pragma.js';
import { splitList } from './values.js';

/** One `@name value` as it was written. */
export interface Pragma {
  readonly name: string;
  readonly value: string;
  /** 1-based; left out for options. */
  readonly line?: number;
}

/** Who wrote the pragmas: the docblock of `file`, or the options at `path` (`jest.config runner options: workloads.asr`). */
export type PragmaSource =
  | { readonly kind: 'docblock'; readonly file: string }
  | { readonly kind: 'options'; readonly path: string };

/**
 * Reads what one docblock or one entry of the options says about a suite.
 * @returns The layer, holding every field that could be read, and all problems, in the order of the pragmas.
 * Pragmas of other tools are left alone (see `unknownPragma`). Contradictions are `mergeLayers`' part. Never throws.
 */
export function parseWorkload(
  written: readonly Pragma[],
  source: PragmaSource,
): { readonly layer: ProfileLayer; readonly problems: readonly UsageProblem[] } {
  const byName = new Map<PragmaName, Pragma[]>();
  const problems: UsageProblem[] = [];
  for (const pragma of written) {
    const { name } = pragma;
    if (isPragmaName(name)) {
      byName.set(name, [...(byName.get(name) ?? []), pragma]);
    } else {
      const unknown = unknownPragma(name);
      if (unknown !== undefined) problems.push({ ...placeOf(pragma, source), ...unknown });
    }
  }
  const part: Record<string, unknown> = {};
  const origins: Partial<Record<keyof WorkloadProfile, Origin>> = {};
  for (const [name, given] of byName) {
    const row = pragmas[name];
    const read = readRow(row, name, given, source);
    problems.push(...read.problems);
    const [first] = given;
    if (read.part === undefined || first === undefined) continue;
    Object.assign(part, read.part);
    const text = cite(name, given.map(({ value }) => value).join(', '), first.line, source);
    origins[row.field] = { text, ...placeOf(first, source) };
  }
  return { layer: { part, origins }, problems };
}

function readRow(
  row: PragmaDefinition,
  name: PragmaName,
  given: readonly Pragma[],
  source: PragmaSource,
): { readonly part?: ProfilePart; readonly problems: readonly UsageProblem[] } {
  const spelled = spell(name, source);
  const items = given.flatMap(({ value, ...rest }) =>
    (row.kind === 'list' ? splitList(value) : [value.trim()]).map((text) => ({ ...rest, text })),
  );
  const problems: UsageProblem[] = [];
  const values = new Map<string, { readonly value: unknown; readonly item: (typeof items)[number] }>();
  for (const item of items) {
    const reading = row.read(item.text);
    const place = placeOf(item, source);
    const earlier = row.kind === 'list' && reading.ok ? values.get(identity(reading.value)) : undefined;
    if (!reading.ok) {
      const remedy = reading.remedy ?? ignoring(name, source);
      problems.push({
        ...place,
        message: item.text === '' ? `${spelled} lacks a value` : `${spelled} cannot be \`${item.text}\``,
        expected: row.expected,
        found: item.text === '' ? 'nothing' : item.text,
        ...(remedy === undefined ? {} : { remedy }),
      });
    } else if (earlier !== undefined) {
      problems.push({
        ...place,
        message: `${spelled} names the same thing twice: \`${earlier.item.text}\`${at(earlier.item)} and \`${item.text}\`${at(item)}`,
        remedy: 'keep one of the two',
      });
    } else {
      values.set(row.kind === 'list' ? identity(reading.value) : String(values.size), {
        value: reading.value,
        item,
      });
    }
  }
  if (row.kind !== 'list' && given.length > 1) {
    const places = given.map((pragma) => `\`${pragma.value.trim()}\`${at(pragma)}`);
    problems.push({
      ...placeOf(given.at(-1), source),
      message: `${spelled} is given more than once: ${places.join(', ')}`,
      remedy: 'keep one of them',
    });
  }
  if (problems.length > 0) return { problems };
  const read = [...values.values()].map(({ value }) => value);
  return { part: { [row.field]: row.kind === 'list' ? read : read[0] }, problems };
}

/** The way out for a project where another tool uses the same word. */
function ignoring(name: PragmaName, source: PragmaSource): string | undefined {
  if (source.kind === 'options' || !pragmas[name].isCommonWord) return undefined;
  return `if another tool wants this word, name \`${name}\` in the option \`ignorePragmas\``;
}

/** Items of a list are the same when they are the same word, or the same device class (`gpu`, `gpu:2`). */
function identity(value: unknown): string {
  return typeof value === 'object' && value !== null && 'class' in value
    ? String(value.class)
    : String(value);
}

function spell(name: PragmaName, source: PragmaSource): string {
  return source.kind === 'docblock' ? `\`@${name}\`` : `${source.path}.${optionKey(name)}`;
}

function cite(name: PragmaName, value: string, line: number | undefined, source: PragmaSource): string {
  return source.kind === 'docblock'
    ? `\`@${name} ${value}\`${at({ line })}`
    : `\`${optionKey(name)}: ${value}\` (${source.path})`;
}

function at(pragma: { readonly line?: number | undefined }): string {
  return pragma.line === undefined ? '' : ` (line ${pragma.line})`;
}

function placeOf(
  pragma: { readonly line?: number } | undefined,
  source: PragmaSource,
): Pick<UsageProblem, 'file' | 'line'> {
  if (source.kind === 'options') return {};
  return pragma?.line === undefined ? { file: source.file } : { file: source.file, line: pragma.line };
}
