import { type RootedRecord, relocationOf } from '../project-root.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Keys that are not merged: coverage has files of its own. */
const leftOut: ReadonlySet<string> = new Set(['coverageMap']);

/** Several results of Jest's `--json` as one. */
export function mergeJestResults(results: readonly Json[]): Json {
  return withoutRepeatedFiles(results.reduce((sum, each) => merged(sum, each, '')));
}

/** Every shard looks for snapshot files without a suite in the whole project, and names all of them. */
function withoutRepeatedFiles(results: Json): Json {
  const snapshot = isObject(results) ? results['snapshot'] : undefined;
  if (!isObject(results) || snapshot === undefined || !isObject(snapshot)) return results;
  const { filesRemoved, filesRemovedList: named } = snapshot;
  if (!Array.isArray(named) || typeof filesRemoved !== 'number') return results;
  const filesRemovedList = [...new Set(named as Json[])];
  const repeated = named.length - filesRemovedList.length;
  return {
    ...results,
    snapshot: { ...snapshot, filesRemovedList, filesRemoved: filesRemoved - repeated },
  };
}

/**
 * Translates the paths in a result to those here, in its texts as well.
 * @param file The file that the result was read from.
 */
export function relocatedResult(
  file: string,
  result: Json,
  records: readonly RootedRecord[],
  rootDir: string,
): Json {
  const suites = isObject(result) && Array.isArray(result['testResults']) ? result['testResults'] : [];
  const names = (suites as Json[]).flatMap((suite) =>
    isObject(suite) && typeof suite['name'] === 'string' ? suite['name'] : [],
  );
  const relocation = relocationOf(file, names, records, rootDir);
  const relocated = (value: Json): Json => {
    if (typeof value === 'string') {
      const path = relocation.pathHere(value);
      return path === value ? relocation.textHere(value) : path;
    }
    if (Array.isArray(value)) return (value as Json[]).map(relocated);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [relocation.pathHere(key), relocated(each)]),
    );
  };
  return relocation.known ? relocated(result) : result;
}

function merged(a: Json, b: Json, key: string): Json {
  if (typeof a === 'number' && typeof b === 'number') return key === 'startTime' ? Math.min(a, b) : a + b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return key === 'success' ? a && b : a || b;
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as Json[]), ...(b as Json[])];
  if (isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((each) => !leftOut.has(each));
    return Object.fromEntries(keys.map((each) => [each, mergedField(a[each], b[each], each)]));
  }
  return a ?? b;
}

function mergedField(a: Json | undefined, b: Json | undefined, key: string): Json {
  if (a === undefined || b === undefined) return a ?? b ?? null;
  return merged(a, b, key);
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const totals = ['tests', 'failures', 'errors', 'skipped', 'time'] as const;

/** Values have either kind of quotes, and may contain `>`. */
const attributesOfTag = `(?:[^>"']|"[^"]*"|'[^']*')*`;
const loneSuite = /<testsuite\b[\s\S]*<\/testsuite>|<testsuite\b(?:[^>"'/]|"[^"]*"|'[^']*')*\/>/;
const tagsAndTexts = new RegExp(
  `<testsuite\\b${attributesOfTag}>|</testsuite\\s*>|<!\\[CDATA\\[[\\s\\S]*?\\]\\]>|<!--[\\s\\S]*?-->`,
  'g',
);

/** The value of a numeric attribute. Some tools separate thousands: `1,234.5`. */
function amountIn(tag: string, name: string): number {
  // Attribute by attribute, because the name of a suite may contain the text of another attribute.
  for (const [, attribute, double, single] of tag.matchAll(/([^\s"'=<>/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    if (attribute === name) return Number((double ?? single ?? '').replaceAll(',', '')) || 0;
  }
  return 0;
}

/** Merges JUnit files. Each `<testsuite>` is copied as it is. */
export function mergeJUnit(files: readonly string[]): string {
  const suites = files.map((text) => {
    const root = new RegExp(`<testsuites\\b${attributesOfTag}>([\\s\\S]*)</testsuites>`).exec(text);
    // A file may also consist of a single suite, or of an empty root.
    return root?.[1] ?? loneSuite.exec(text)?.[0] ?? '';
  });
  const outermost = suites.flatMap((text) => openingTags(text));
  const attributes = totals.map((name) => {
    const sum = outermost.reduce((total, tag) => total + amountIn(tag, name), 0);
    return `${name}="${Math.round(sum * 1000) / 1000}"`;
  });
  const body = suites.map((text) => text.replace(/^\n+|\s+$/g, '')).filter((text) => text !== '');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${attributes.join(' ')}>\n${body.join('\n')}\n</testsuites>\n`;
}

/** Opening tags of the suites that are not nested in others. */
function openingTags(text: string): readonly string[] {
  const tags: string[] = [];
  let depth = 0;
  for (const [tag] of text.matchAll(tagsAndTexts)) {
    if (tag.startsWith('<!')) continue;
    if (tag.startsWith('</')) depth--;
    else {
      if (depth === 0) tags.push(tag);
      if (!tag.endsWith('/>')) depth++;
    }
  }
  return tags;
}
