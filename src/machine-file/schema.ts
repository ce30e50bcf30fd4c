import * as v from 'valibot';
import { type Device, type MachineFacts, powerSources } from '../core/machine/machine.js';
import { expectationOf } from '../core/vocabulary/expectation.js';
import { limits } from '../core/vocabulary/limits.js';
import { nearest } from '../core/vocabulary/nearest.js';
import {
  aliases,
  architectures,
  backends,
  containerEngines,
  deviceClasses,
  features,
  precisions,
  vendors,
  virtualizations,
} from '../core/vocabulary/taxonomy.js';
import { UsageError, type UsageProblem } from '../core/vocabulary/usage-error.js';
import { type JsonPath, pathText } from '../json/read.js';
import {
  above0,
  flag,
  from1,
  identifier,
  ignored,
  listOf,
  notList,
  object,
  size,
  text,
  word,
} from './fields.js';

/** What a user says about a machine: the shape of `detect --json`, everything optional, sizes also as `8GiB`. */
export interface MachineFile extends v.InferOutput<typeof schema> {
  /** Name of the file, shown wherever a declared value is shown. */
  readonly source: string;
  /** Where a value stands, for messages. */
  readonly placeOf: PlaceOf;
}

type PlaceOf = (path: JsonPath) => Pick<UsageProblem, 'file' | 'line'>;

/**
 * Checks the content of a machine file.
 * @throws {UsageError} naming every mistake with its place, what was expected and the nearest valid word.
 */
export function checkMachineFile(content: unknown, source: string, placeOf: PlaceOf): MachineFile {
  const result = v.safeParse(schema, content, { message: expectationOf });
  if (!result.success) {
    throw new UsageError(
      result.issues.slice(0, limits.mistakes).map((issue) => {
        const path = (issue.path ?? []).map((item) => item.key as string | number);
        return { ...placeOf(path), ...mistakeIn(issue, path) };
      }),
    );
  }
  const ids = (result.output.devices ?? []).map(({ id }) => id);
  const seen = new Set<string>();
  const twice = ids.findIndex((id) => seen.has(id) || !seen.add(id));
  if (twice >= 0) {
    const path = ['devices', twice, 'id'];
    throw new UsageError({
      ...placeOf(path),
      message: `${nameOf(path)}: two devices have the same id`,
      expected: 'every id once',
      found: JSON.stringify(ids[twice]),
    });
  }
  return { ...result.output, source, placeOf };
}

const speedPattern = new RegExp(`^([\\w-]+/(${precisions.join('|')})|memory)$`);
const speedKey = 'operation/precision such as matmul/fp32, or memory';
const speedEntries = {
  value: v.pipe(v.number('a number above 0'), v.finite('a number above 0'), v.gtValue(0, 'a number above 0')),
  unit: v.picklist(['GFLOPS', 'GOPS', 'GB/s'], 'GFLOPS, GOPS or GB/s'),
  confidence: ignored,
  source: ignored,
};
const speed = object(
  speedEntries,
  'a value with its unit, such as {"value": 82600, "unit": "GFLOPS"}, or null',
);

export const deviceEntries = {
  id: identifier('letters, digits, `_`, `-` and `.`, such as gpu0'),
  class: v.optional(word(deviceClasses)),
  vendor: v.optional(word(vendors)),
  architecture: v.optional(word(architectures, aliases.architectures)),
  model: text('a text'),
  memoryBytes: size,
  maxFrequencyMHz: above0,
  ratedWatts: above0,
  measuredWatts: above0,
  pciAddress: text('a text such as 0000:01:00.0'),
  uuid: text('a text such as GPU-8f4e…'),
  driver: text('a text such as nvidia 580.95.05'),
  capability: text('a text such as 8.9'),
  freeMemoryBytes: ignored,
  shares: from1,
  usable: flag,
  unusableBecause: ignored,
  lacks: ignored,
  software: flag,
  backends: listOf(backends, aliases.backends),
  precisions: listOf(precisions, aliases.precisions),
  features: listOf(features, aliases.features),
  evidence: ignored,
  bindingEnv: v.optional(
    v.pipe(
      notList('an object of environment variables and their values'),
      v.record(v.string(), v.string('a text'), 'an object of environment variables and their values'),
    ),
  ),
  performance: v.optional(
    v.pipe(
      notList('an object of speeds by work'),
      v.record(
        v.pipe(v.string(), v.regex(speedPattern, speedKey)),
        v.nullable(speed),
        'an object of speeds by work',
      ),
    ),
  ),
  sensors: ignored,
} satisfies Record<keyof Device, unknown>;

const positive = 'a number above 0';
const threadsText = `${positive}, at most ${limits.cpuThreads}`;
export const machineEntries = {
  name: v.optional(identifier('letters, digits, `_`, `-` and `.`, such as gpu-box')),
  platform: text('a text such as linux'),
  arch: text('a text such as x64'),
  cpuBudget: v.optional(
    v.pipe(
      v.number(positive),
      v.finite(positive),
      v.gtValue(0, positive),
      v.maxValue(limits.cpuThreads, threadsText),
    ),
  ),
  memoryBudgetBytes: size,
  numaNodes: from1,
  container: v.optional(word(containerEngines)),
  virtualization: v.optional(word(virtualizations)),
  ci: text('a text such as GitHub Actions'),
  powerSource: v.optional(word(powerSources)),
  evidence: ignored,
} satisfies Record<keyof MachineFacts, unknown>;

const devicesText = `at most ${limits.devices} devices`;
const rootEntries = {
  version: v.optional(v.literal(1, '1')),
  machine: v.optional(object(machineEntries, 'an object')),
  devices: v.optional(
    v.pipe(
      v.custom<unknown[]>((value) => !Array.isArray(value) || value.length <= limits.devices, devicesText),
      v.array(object(deviceEntries, 'an object'), 'a list of devices'),
    ),
  ),
  replace: flag,
  problems: ignored,
};

const schema = object(rootEntries, 'an object such as {"devices": [{"id": "gpu0", "class": "gpu"}]}');

/** What is wrong at the path, for the user. */
function mistakeIn(issue: v.BaseIssue<unknown>, path: JsonPath): Omit<UsageProblem, 'file' | 'line'> {
  const key = path.at(-1);
  if (issue.path?.at(-1)?.origin === 'key') {
    const keys = keysAt(path);
    if (keys.includes(String(key))) {
      return { message: `${nameOf(path)} is missing`, expected: issue.message };
    }
    const near = nearest(String(key), keys);
    return {
      message: `${nameOf(path)}: no such key`,
      expected: keys.length === 0 ? issue.message : `one of ${keys.join(', ')}`,
      found: String(key),
      ...(near !== undefined && { remedy: `write \`${near}\`` }),
    };
  }
  const [expected = '', remedy] = issue.message.split('\n');
  return {
    message: path.length === 0 ? 'not a machine' : `${nameOf(path)} is wrong`,
    expected,
    found: shortened(JSON.stringify(issue.input) ?? 'nothing'),
    ...(remedy !== undefined && { remedy }),
  };
}

function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

/** What may stand where this key stands; nothing where keys follow a pattern, which is then the message. */
function keysAt(path: JsonPath): readonly string[] {
  if (path.length === 1) return Object.keys(rootEntries);
  if (path[0] === 'machine') return Object.keys(machineEntries);
  if (path.length === 3) return Object.keys(deviceEntries);
  return path.length === 4 ? [] : Object.keys(speedEntries);
}

/** In backquotes. */
function nameOf(path: JsonPath): string {
  return `\`${pathText(path)}\``;
}
