import * as v from 'valibot';
import { type Chaos, type FailOn, failOnStates } from '../core/events.js';
import { type TakenMemoryPolicy, takenMemoryPolicies } from '../core/scheduler/taken-memory.js';
import { defaultStrategy, type StrategyName, strategyNames } from '../core/strategies/index.js';
import { expectationOf } from '../core/vocabulary/expectation.js';
import { nearest } from '../core/vocabulary/nearest.js';
import { type DeviceClass, deviceClasses } from '../core/vocabulary/taxonomy.js';
import { durationSyntax } from '../core/vocabulary/units.js';
import { UsageError, type UsageProblem } from '../core/vocabulary/usage-error.js';
import { type PragmaName, type ProfileInput, pragmaNames } from '../core/workload/pragmas.js';
import type { ConfiguredProfiles, UnsatisfiablePolicy } from '../core/workload/profile.js';
import { type SynonymName, synonymNames } from '../core/workload/unknown-pragma.js';
import {
  type Reader,
  readDuration,
  readUnsatisfiable,
  unsatisfiableSyntax,
  wordOf,
} from '../core/workload/values.js';
import { isObject, notJson } from '../json/plain.js';
import { type ReportFormatName, reportFormatNames } from '../report/formats/names.js';
import { type ChaosInput, chaosSchema } from './chaos.js';
import { type ConnectConfig, type ConnectInput, connectSchema } from './connect.js';
import {
  machinesSchema,
  type RemoteMachineConfig,
  type RemoteMachineInput,
  type SyncConfig,
  type SyncInput,
  syncSchema,
} from './machines.js';
import { configuredProfiles } from './profiles.js';

/** One of our pragmas, or a word that is taken for one (`timeout`). */
type IgnorablePragma = PragmaName | SynonymName;

const ignorablePragmas: readonly IgnorablePragma[] = [...pragmaNames, ...synonymNames];

/** The options as users write them, in `withHardware(config, options)` or `runner: ['jest-runner-hardware', options]`. */
export interface HardwareOptionsInput {
  /** Who decides which suite goes where. Default `adaptive`. */
  readonly strategy?: StrategyName | undefined;
  /** What happens to a suite that no device can run: `fail` (default), `skip`, `degrade` or `wait 2m`. */
  readonly unsatisfiable?: string | undefined;
  /** An unfiltered run fails when no suite of one of these classes executed a test. Default none. */
  readonly requireExecuted?: readonly DeviceClass[] | undefined;
  /** The run fails, naming them, when suites were `flaky` (their process died or their device failed them, and a later attempt passed), `degraded` or `skipped` for want of hardware. Default none. */
  readonly failOn?: readonly FailOn[] | undefined;
  /** A machine file, relative to rootDir, or its content; added to what is detected. Default none. */
  readonly machine?: string | Readonly<Record<string, unknown>> | undefined;
  /** The command that starts Python, on PATH or a path relative to rootDir: what `pytorch`, `tensorflow`, `jax`, `openvino` and `tvm` are tried with. Default `python3`, on Windows `python`. */
  readonly python?: string | undefined;
  /** One machine for each shard of `--shard`, in their order: a fleet file (path, relative to rootDir) or its content. Default: as many equal machines. */
  readonly shards?: string | readonly (string | Readonly<Record<string, unknown>>)[] | undefined;
  /** Where records are written, relative to rootDir. Default `<rootDir>/.jest-hardware`. */
  readonly outputDirectory?: string | undefined;
  /** Reports that are written into the output directory after each run, by format: `['html', 'junit']`. Default none. */
  readonly reports?: readonly ReportFormatName[] | undefined;
  /** Whether a run on GitHub Actions adds its report to the summary of the step, and its findings to the log as annotations. Default true. */
  readonly githubReport?: boolean | undefined;
  /** Whether a line after each suite's own lines says where it ran: `on gpu0 (NVIDIA A10)`. Default false. */
  readonly showDevice?: boolean | undefined;
  /** File of durations and memory peaks, relative to rootDir, or `false` for none. Default `history.jsonl` in the output directory. */
  readonly history?: string | false | undefined;
  /** Whether `--onlyFailures` also runs suites that failed last by the history, where Jest's own cache does not know them (a fresh machine). Default false. */
  readonly failuresFromHistory?: boolean | undefined;
  /** Named workloads beside the built-in ones, or instead of one of the same name. */
  readonly workloads?: Readonly<Record<string, ProfileInput>> | undefined;
  /** Profiles by glob (paths relative to rootDir, as in `testMatch`), for files one cannot tag; docblocks count more. */
  readonly profiles?: Readonly<Record<string, ProfileInput>> | undefined;
  /** Names of pragmas that another tool uses in this project (`['feature']`): they are left alone wherever they stand. Default none. */
  readonly ignorePragmas?: readonly IgnorablePragma[] | undefined;
  /** Whether a suite whose process died, whose machine was lost, or which its device failed is tried again: alone on its machine, on another machine where one can run it; after a fault of the device on a larger or another one, or with a smaller batch size. Default true. */
  readonly retryLost?: boolean | undefined;
  /** Whether a suite that failed on an accelerator runs once more there and, if it fails again, on the CPU of its machine where it may: the report then says whether the code, the device, its precision or chance is to blame. The first result counts. Default false. */
  readonly secondOpinion?: boolean | undefined;
  /** When the run should be over, such as `10m`: how long `power-aware` may take to save energy. Default: as long as it takes. */
  readonly finishWithin?: string | undefined;
  /** Whether a suite that takes far longer than expected is started a second time on a better idle device; the first result counts. Default true. */
  readonly speculate?: boolean | undefined;
  /** Whether a suite uses what earlier suites of its process have read and compiled, which makes small suites several times cheaper. Default true. */
  readonly fast?: boolean | undefined;
  /** Stop placing suites on overheated devices until they cool down (CPUs: half the workers), where their temperature can be read. Default true. */
  readonly heat?: boolean | undefined;
  /** Directory where the runs of this host agree on who uses what, relative to rootDir, or `false`: this run takes no notice of others, nor they of it. Default: one for the host, `/tmp/jest-runner-hardware-claims`. */
  readonly claims?: string | false | undefined;
  /** What happens to a suite whose `@min-memory` does not fit because other programs have taken the memory of every device that it may use: `wait` (default) until some is free, or `fail`. */
  readonly takenMemory?: TakenMemoryPolicy | undefined;
  /** Other machines that take part in the run, reached by ssh: `['ssh://gpu-box']`. Default none. */
  readonly machines?: readonly (string | RemoteMachineInput)[] | undefined;
  /** What other machines are sent beside the files that git does not ignore, such as a build that tests load: `{ include: ['dist/**'] }`. Default nothing. */
  readonly sync?: SyncInput | undefined;
  /** The fleet whose machines take part in the run, found by a Redis or Valkey: `rediss://…`. Needs the packages `bullmq` and `ioredis`. Default none. */
  readonly connect?: string | ConnectInput | undefined;
  /** Injects faults to see whether the setup survives them: `{ seed: 1, rate: 0.05 }`; `faults` names some of `kill`, `hang`, `slow`, `lose-machine`, `revoke-device`, `full-disk`, `drop`, `double`, `delay`. Default none. */
  readonly chaos?: ChaosInput | undefined;
  /** Your own sequencer, which then decides the order instead of our history: a module name or a path, as in Jest itself. Default none. */
  readonly testSequencer?: string | undefined;
}

/** The options with defaults filled in and texts read. */
export interface HardwareOptions extends ConfiguredProfiles {
  /** Default `adaptive`. */
  readonly strategy: StrategyName;
  /** Default `fail`. */
  readonly unsatisfiable: UnsatisfiablePolicy;
  /** Default none. */
  readonly requireExecuted: readonly DeviceClass[];
  /** Default none. */
  readonly failOn: readonly FailOn[];
  /** Path of a machine file or its content, not checked yet. */
  readonly machine?: string | Readonly<Record<string, unknown>>;
  /** As given. */
  readonly python?: string;
  /** Path of a fleet file or its content, not checked yet. */
  readonly shards?: string | readonly (string | Readonly<Record<string, unknown>>)[];
  /** As given; `<rootDir>` and relative paths are not resolved. Default `<rootDir>/.jest-hardware`. */
  readonly outputDirectory: string;
  /** Default none. */
  readonly reports: readonly ReportFormatName[];
  /** Default true. */
  readonly githubReport: boolean;
  /** Default false. */
  readonly showDevice: boolean;
  /** As given; left out: `history.jsonl` in the output directory. */
  readonly history?: string | false;
  /** Default false. */
  readonly failuresFromHistory: boolean;
  /** Left out: none. */
  readonly ignorePragmas?: readonly IgnorablePragma[];
  /** Default true. */
  readonly retryLost: boolean;
  readonly secondOpinion: boolean;
  /** Ms after the start. */
  readonly finishWithin?: number;
  /** Default true. */
  readonly speculate: boolean;
  /** Default true. */
  readonly fast: boolean;
  /** Default true. */
  readonly heat: boolean;
  /** As given; left out: the one of the host. */
  readonly claims?: string | false;
  /** Default `wait`. */
  readonly takenMemory: TakenMemoryPolicy;
  /** Default none. Addresses are not read yet. */
  readonly machines: readonly RemoteMachineConfig[];
  /** Left out: nothing beside what git does not ignore. */
  readonly sync?: SyncConfig;
  /** Left out: no fleet. */
  readonly connect?: ConnectConfig;
  /** Left out: no faults. */
  readonly chaos?: Chaos;
  readonly testSequencer?: string;
}

/**
 * Checks the runner's options and fills in the defaults.
 * @param raw What the config holds; undefined counts as no options.
 * @param where What to call the options in messages: `jest.config runner options`.
 * @throws UsageError with every problem at once.
 */
export function parseOptions(raw: unknown, where: string): HardwareOptions {
  const foreign = notJson(raw, where);
  if (foreign.length > 0) throw new UsageError(foreign);
  // As the worker processes will get it: without the keys that are undefined.
  const given: unknown = JSON.parse(JSON.stringify(raw ?? {}));
  if (!isObject(given)) throw new UsageError(refused(where, 'the options', given, 'an object'));
  const checked = v.safeParse(schema, given, { message: expectationOf });
  const configured = configuredProfiles(given, where);
  const problems = [
    ...(checked.issues ?? []).map((issue) => problemOf(issue, where)),
    ...configured.problems,
  ];
  if (!checked.success || problems.length > 0) throw new UsageError(problems);
  return { ...checked.output, ...configured.layers };
}

const path = v.pipe(v.string('a path'), v.nonEmpty('a path'));

const object = (expected: string) => v.custom<Readonly<Record<string, unknown>>>(isObject, expected);

const fleetText = 'a list of machines, one for each shard, or the path of a fleet file';

const machine = [path, object('the content of a machine file')] as const;

/** The message of each check is what it expects; `problemOf` makes the sentence. */
const schema = v.strictObject({
  strategy: v.exactOptional(reading(wordOf(strategyNames), oneOf(strategyNames)), defaultStrategy),
  unsatisfiable: v.exactOptional(reading(readUnsatisfiable, unsatisfiableSyntax), 'fail'),
  requireExecuted: v.exactOptional(
    v.array(reading(wordOf(deviceClasses), oneOf(deviceClasses)), 'an array of device classes'),
    [],
  ),
  failOn: v.exactOptional(
    v.array(reading(wordOf(failOnStates), oneOf(failOnStates)), `an array of ${failOnStates.join(', ')}`),
    [],
  ),
  machine: v.exactOptional(v.union(machine, 'the path of a machine file, or its content')),
  python: v.exactOptional(v.pipe(v.string('a command or a path'), v.nonEmpty('a command or a path'))),
  shards: v.exactOptional(
    v.union(
      [path, v.array(v.union(machine, 'the path of a machine file, or its content'), fleetText)],
      fleetText,
    ),
  ),
  outputDirectory: v.exactOptional(path, '<rootDir>/.jest-hardware'),
  reports: v.exactOptional(
    v.array(reading(wordOf(reportFormatNames), oneOf(reportFormatNames)), 'an array of formats of reports'),
    [],
  ),
  githubReport: v.exactOptional(v.boolean('true or false'), true),
  showDevice: v.exactOptional(v.boolean('true or false'), false),
  history: v.exactOptional(v.union([path, v.literal(false)], 'a path, or false')),
  failuresFromHistory: v.exactOptional(v.boolean('true or false'), false),
  workloads: v.exactOptional(object('an object of profiles by name')),
  profiles: v.exactOptional(object('an object of profiles by glob')),
  ignorePragmas: v.exactOptional(
    v.array(reading(wordOf(ignorablePragmas), oneOf(ignorablePragmas)), 'an array of names of pragmas'),
  ),
  retryLost: v.exactOptional(v.boolean('true or false'), true),
  secondOpinion: v.exactOptional(v.boolean('true or false'), false),
  finishWithin: v.exactOptional(reading(readDuration, durationSyntax)),
  speculate: v.exactOptional(v.boolean('true or false'), true),
  fast: v.exactOptional(v.boolean('true or false'), true),
  heat: v.exactOptional(v.boolean('true or false'), true),
  claims: v.exactOptional(v.union([path, v.literal(false)], 'a path, or false')),
  takenMemory: v.exactOptional(reading(wordOf(takenMemoryPolicies), oneOf(takenMemoryPolicies)), 'wait'),
  machines: v.exactOptional(machinesSchema, []),
  sync: v.exactOptional(syncSchema),
  connect: v.exactOptional(connectSchema),
  chaos: v.exactOptional(chaosSchema),
  testSequencer: v.exactOptional(path),
});

/** Reads a text by one of the core's readers; the remedy travels with the issue. */
function reading<T>(read: Reader<T>, expected: string) {
  return v.pipe(
    v.string(expected),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const outcome = read(dataset.value.trim());
      if (outcome.ok) return outcome.value;
      addIssue({ message: expected, ...(outcome.remedy === undefined ? {} : { expected: outcome.remedy }) });
      return NEVER;
    }),
  );
}

type Issue = NonNullable<ReturnType<typeof v.safeParse<typeof schema>>['issues']>[number];

function problemOf(issue: Issue, where: string): UsageProblem {
  const key = v.getDotPath(issue) ?? '';
  if (issue.type === 'strict_object') {
    const keys = Object.keys(schema.entries);
    const near = nearest(key, keys);
    return {
      message: `${where}: there is no option \`${key}\``,
      expected: keys.join(', '),
      remedy: near === undefined ? 'remove it' : `write \`${near}\``,
    };
  }
  const remedy = issue.type === 'raw_transform' && issue.expected ? { remedy: issue.expected } : {};
  return { ...refused(where, key, issue.input, issue.message), ...remedy };
}

function refused(where: string, what: string, value: unknown, expected: string): UsageProblem {
  const found = JSON.stringify(value);
  return { message: `${where}: ${what} cannot be ${found}`, expected, found };
}

function oneOf(words: readonly string[]): string {
  return `one of ${words.join(', ')}`;
}
