import { createRequire } from 'node:module';
import type { Edit, JSONPath } from 'jsonc-parser';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { isObject } from '../json/plain.js';

const runner = 'jest-runner-hardware';
const sequencer = `${runner}/sequencer`;
const reporter = `${runner}/reporter`;

export interface JsonConfig {
  /** As the user knows it, for messages. */
  readonly file: string;
  /** Where the config is in the file: `['jest']` in a package.json. */
  readonly at: JSONPath;
  /** Whether another config names this one as its project, which gets the runner alone. */
  readonly isProject: boolean;
}

/**
 * A Jest config in JSON with the settings that `withHardware` would make: JSON calls no function. Comments, the order of
 * keys and the rest of the formatting stay.
 * @returns The source itself where nothing is missing.
 * @throws {UsageError} where the config is no object, or names another runner.
 */
export function wrapJson(source: string, { file, at, isProject }: JsonConfig): string {
  const json = createRequire(import.meta.url)('jsonc-parser') as Json;
  const bom = source.startsWith('\uFEFF') ? '\uFEFF' : '';
  let text = source.slice(bom.length);
  const config = at.reduce<unknown>(
    (value, key) => (isObject(value) ? value[key] : undefined),
    json.parse(text),
  );
  if (!isObject(config)) throw noConfig(file);
  for (const [path, value] of settingsFor(config, isProject, file)) {
    text = json.applyEdits(text, editsFor(json, text, [...at, ...path], value));
  }
  return bom + text;
}

/**
 * A new key goes behind the last one, laid out as that one is. The library would lay out the neighbour anew, and put the key
 * before a comment that belongs to it.
 */
function editsFor(json: Json, text: string, path: JSONPath, value: unknown): Edit[] {
  const formattingOptions = formattingOf(text);
  const root = json.parseTree(text);
  const object = root === undefined ? undefined : json.findNodeAtLocation(root, path.slice(0, -1));
  const last = object?.children?.at(-1);
  const isThere = root !== undefined && json.findNodeAtLocation(root, path) !== undefined;
  if (object === undefined || last === undefined || isThere)
    return json.modify(text, path, value, { formattingOptions });
  const key = JSON.stringify(path.at(-1));
  const end = last.offset + last.length;
  const indent = /(?:^|\n)([ \t]*)$/.exec(text.slice(0, last.offset))?.[1];
  if (indent === undefined) return [{ offset: end, length: 0, content: `, ${key}: ${onOneLine(value)}` }];
  const { insertSpaces, tabSize, eol } = formattingOptions;
  const unit = insertSpaces ? ' '.repeat(tabSize) : '\t';
  const written = JSON.stringify(value, undefined, unit).replaceAll('\n', eol + indent);
  const behind = text.slice(end, object.offset + object.length - 1).trimEnd();
  return [
    { offset: end, length: 0, content: ',' },
    { offset: end + behind.length, length: 0, content: `${eol}${indent}${key}: ${written}` },
  ];
}

function onOneLine(value: unknown): string {
  return JSON.stringify(value, undefined, 1)
    .replaceAll(/([[{])\n\s*/g, '$1')
    .replaceAll(/\n\s*(?=[\]}])/g, '')
    .replaceAll(/\n\s*/g, ' ');
}

type Json = typeof import('jsonc-parser');
type Setting = readonly [path: JSONPath, value: unknown];

function settingsFor(
  config: Readonly<Record<string, unknown>>,
  isProject: boolean,
  file: string,
): readonly Setting[] {
  const settings: Setting[] = [];
  const { testSequencer, reporters, projects } = config;
  const isOwnSequencer = testSequencer !== undefined && testSequencer !== sequencer && !isProject;
  if (!isOurs(config['runner'])) {
    refuseOther(config['runner'], file);
    settings.push([['runner'], isOwnSequencer ? [runner, { testSequencer }] : runner]);
  } else if (isOwnSequencer) return [];
  for (const [index, project] of (Array.isArray(projects) ? projects : []).entries()) {
    // A project with a runner of its own keeps it, as `withHardware` does.
    if (isObject(project) && project['runner'] === undefined)
      settings.push([['projects', index, 'runner'], runner]);
  }
  if (isProject) return settings;
  if (testSequencer !== sequencer) settings.push([['testSequencer'], sequencer]);
  const named: readonly unknown[] = Array.isArray(reporters) ? reporters : ['default'];
  if (!named.some((each) => (Array.isArray(each) ? each[0] : each) === reporter))
    settings.push([['reporters'], [...named, reporter]]);
  return settings;
}

function isOurs(found: unknown): boolean {
  const name: unknown = Array.isArray(found) ? found[0] : found;
  return name === runner || name === 'hardware';
}

function refuseOther(found: unknown, file: string): void {
  if (found === undefined || found === 'jest-runner') return;
  throw new UsageError({
    file,
    message: 'the config names another runner',
    expected: 'no runner, or jest-runner',
    found: `"runner": ${JSON.stringify(found)}`,
    remedy: 'take `runner` out, or put the project that needs it into `projects`',
  });
}

function noConfig(file: string): UsageError {
  return new UsageError({
    file,
    message: 'there is no Jest config in this file',
    expected: 'an object of settings',
    remedy: `write \`runner\`, \`testSequencer\` and \`reporters\` by hand (docs/getting-started.md)`,
  });
}

function formattingOf(text: string) {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}
