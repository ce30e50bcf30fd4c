import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Machine } from '../core/machine/machine.js';
import { limits } from '../core/vocabulary/limits.js';
import { UsageError, type UsageProblem } from '../core/vocabulary/usage-error.js';
import { type JsonPath, parseJson, pathText } from '../json/read.js';
import { applyMachineFile } from './apply.js';
import { checkMachineFile } from './schema.js';

/** One machine of a fleet that is described, not detected. */
export interface FleetMachine {
  readonly machine: Machine;
  /** How many suites run at once. */
  readonly workers: number;
  /** In whatever currency the user thinks. */
  readonly pricePerMinute?: number;
  /** What the CI service calls such machines. */
  readonly labels?: readonly string[];
}

type Place = Pick<UsageProblem, 'file' | 'line'>;

/**
 * Reads a fleet: a JSON file with a list of machine files (their paths, relative to the file, or their content), or with
 * a single one, as `detect --json` writes it.
 * @throws {UsageError} with file and line.
 */
export function readFleet(path: string): readonly FleetMachine[] {
  const { value, lineOf } = readJson(path, 'the fleet cannot be read', 'name a JSON file');
  const single = !Array.isArray(value);
  const place = (at: JsonPath) => ({ file: path, line: lineOf(single ? at.slice(1) : at) });
  return fleetOf(single ? [value] : value, basename(path), dirname(path), place);
}

/**
 * The fleet that the option `shards` describes: a list of machines, or the path of a fleet file.
 * @param directory What paths are relative to.
 * @param total How many shards there are.
 * @throws {UsageError} for one of another size, with what is wrong in it otherwise.
 */
export function fleetFrom(
  shards: string | readonly unknown[] | undefined,
  directory: string,
  total: number,
): readonly FleetMachine[] | undefined {
  if (shards === undefined) return undefined;
  const fleet =
    typeof shards === 'string'
      ? readFleet(resolve(directory, shards.replace('<rootDir>', directory)))
      : fleetOf(shards, 'option shards', directory, () => ({ file: 'option shards' }));
  if (fleet.length === total) return fleet;
  throw new UsageError({
    message: `\`--shard\` cuts the run into ${total}, but the option \`shards\` describes ${fleet.length} machines`,
    expected: `--shard=<i>/${fleet.length}, or ${total} machines`,
    remedy: 'give each shard its machine, in their order; `count` stands for several equal ones',
  });
}

function fleetOf(
  entries: readonly unknown[],
  source: string,
  directory: string,
  placeOf: (path: JsonPath) => Place,
): readonly FleetMachine[] {
  const machines = entries.flatMap((entry, index): FleetMachine[] => {
    if (typeof entry === 'string') {
      const path = resolve(directory, entry.replace('<rootDir>', directory));
      const { value, lineOf } = readJson(
        path,
        `the machine file ${entry} cannot be read`,
        'correct its path',
      );
      return machinesOf(value, basename(path), (at) => ({ file: path, line: lineOf(at) }));
    }
    return machinesOf(entry, source, (at) => placeOf([index, ...at]));
  });
  if (machines.length > limits.machines) {
    throw new UsageError({
      ...placeOf([]),
      message: 'the fleet has too many machines',
      expected: `at most ${limits.machines}`,
      found: String(machines.length),
      remedy: 'leave machines out, or make `count` smaller',
    });
  }
  return withNames(machines);
}

/** The fleet as a file that `readFleet` reads. */
export function fleetFileOf(fleet: readonly FleetMachine[]): string {
  const entries = fleet.map(({ machine: { machine, devices }, ...own }) => {
    const { evidence: _evidence, ...facts } = machine;
    return { machine: facts, devices: devices.map(({ evidence: _, ...device }) => device), ...own };
  });
  return `${JSON.stringify(entries, undefined, 2)}\n`;
}

const ownKeys = {
  /** The machine as often as this. */
  count: { least: 1, most: limits.machines, isInteger: true },
  workers: { least: 1, most: limits.cpuThreads, isInteger: true },
  pricePerMinute: { least: 0, most: 1e9, isInteger: false },
} as const;

type OwnKeys = { readonly [key in keyof typeof ownKeys]?: number };

/** A machine file with what a fleet adds to it. */
function machinesOf(value: unknown, source: string, placeOf: (path: JsonPath) => Place): FleetMachine[] {
  const { count = 1, workers, pricePerMinute, labels, rest } = withoutOwnKeys(value, placeOf);
  const file = checkMachineFile(rest, source, placeOf);
  const {
    cpuBudget,
    memoryBudgetBytes,
    name = 'machine',
    platform = 'any',
    arch = 'any',
  } = file.machine ?? {};
  if (cpuBudget === undefined || memoryBudgetBytes === undefined) {
    const missing = cpuBudget === undefined ? 'cpuBudget' : 'memoryBudgetBytes';
    throw new UsageError({
      ...placeOf(['machine']),
      message: `\`machine.${missing}\` is missing: nobody can detect it for a machine of a fleet`,
      remedy: 'write it, or run `jest-runner-hardware detect --json` on such a machine and take the output',
    });
  }
  const cpu = { id: 'cpu', class: 'cpu', usable: true, software: false } as const;
  const bare: Machine = {
    version: 1,
    machine: { name, platform, arch, cpuBudget, memoryBudgetBytes },
    devices: [
      { ...cpu, memoryBytes: memoryBudgetBytes, backends: [], precisions: [], features: [], evidence: {} },
    ],
    problems: [],
  };
  // What is masked here says nothing about a machine elsewhere.
  const machine = applyMachineFile(bare, file, { env: {}, platform: 'linux' });
  return Array.from({ length: count }, () => ({
    machine,
    // As many as Jest takes by default.
    workers: workers ?? Math.max(1, Math.floor(cpuBudget) - 1),
    ...(pricePerMinute !== undefined && { pricePerMinute }),
    ...(labels !== undefined && { labels }),
  }));
}

function withoutOwnKeys(
  value: unknown,
  placeOf: (path: JsonPath) => Place,
): OwnKeys & { readonly labels?: readonly string[]; readonly rest: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { rest: value };
  const rest: Record<string, unknown> = { ...value };
  const own: { -readonly [key in keyof OwnKeys]: OwnKeys[key] } = {};
  for (const [key, { least, most, isInteger }] of Object.entries(ownKeys)) {
    const given = rest[key];
    delete rest[key];
    if (given === undefined) continue;
    const isNumber = typeof given === 'number' && given >= least && given <= most;
    if (!isNumber || (isInteger && !Number.isInteger(given))) {
      throw new UsageError({
        ...placeOf([key]),
        message: `\`${pathText([key])}\` is wrong`,
        expected: `${isInteger ? 'an integer' : 'a number'} from ${least} to ${most}`,
        found: JSON.stringify(given),
      });
    }
    own[key as keyof typeof ownKeys] = given;
  }
  const { labels, ...others } = rest;
  if (labels === undefined) return { ...own, rest: others };
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) {
    return { ...own, labels, rest: others };
  }
  throw new UsageError({
    ...placeOf(['labels']),
    message: '`labels` is wrong',
    expected: 'a list of texts',
    found: JSON.stringify(labels),
  });
}

/** `detect` calls every machine the same: those of one name are numbered. */
function withNames(all: readonly FleetMachine[]): readonly FleetMachine[] {
  const counts = new Map<string, number>();
  for (const { machine } of all)
    counts.set(machine.machine.name, (counts.get(machine.machine.name) ?? 0) + 1);
  const numbers = new Map<string, number>();
  return all.map((each, index) => {
    const { name } = each.machine.machine;
    if (counts.get(name) === 1 && name !== 'machine') return each;
    const number = name === 'machine' ? index + 1 : (numbers.get(name) ?? 0) + 1;
    numbers.set(name, number);
    const machine = { ...each.machine.machine, name: `${name}-${number}` };
    return { ...each, machine: { ...each.machine, machine } };
  });
}

function readJson(path: string, message: string, remedy: string) {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError({ file: path, message, found, remedy }, { cause });
  }
  return parseJson(text, path);
}
