import * as v from 'valibot';
import {
  deviceFaultKinds,
  failOnStates,
  faultNames,
  opinions,
  type RunEvent,
  recordVersion,
  suiteStatuses,
} from '../core/events.js';
import {
  architectures,
  backends,
  confidences,
  deviceClasses,
  features,
  precisions,
  vendors,
} from '../core/vocabulary/taxonomy.js';
import { profileSchema } from './profile-schema.js';

/*
 * Objects are loose: a field that a later minor version adds is no reason to refuse a record.
 * Durations of real clocks may be fractional in events; only `atMs` is promised to be an integer.
 */
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const counting = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const evidence = v.record(
  v.string(),
  v.looseObject({ confidence: v.picklist(confidences), source: v.string() }),
);

const device = v.looseObject({
  id: v.string(),
  class: v.picklist(deviceClasses),
  vendor: v.exactOptional(v.picklist(vendors)),
  architecture: v.exactOptional(v.picklist(architectures)),
  model: v.exactOptional(v.string()),
  memoryBytes: v.exactOptional(amount),
  ratedWatts: v.exactOptional(positive),
  measuredWatts: v.exactOptional(positive),
  shares: v.exactOptional(counting),
  usable: v.boolean(),
  software: v.boolean(),
  backends: v.array(v.picklist(backends)),
  precisions: v.array(v.picklist(precisions)),
  features: v.array(v.picklist(features)),
  evidence,
  bindingEnv: v.exactOptional(v.record(v.string(), v.string())),
});

const machineFacts = v.looseObject({
  name: v.string(),
  platform: v.string(),
  arch: v.string(),
  cpuBudget: positive,
  memoryBudgetBytes: positive,
  evidence: v.exactOptional(evidence),
});

const machine = v.looseObject({
  version: v.literal(1),
  machine: machineFacts,
  devices: v.array(device),
  problems: v.array(v.looseObject({ message: v.string(), remedy: v.exactOptional(v.string()) })),
});

const slot = v.looseObject({
  id: v.string(),
  type: v.string(),
  machine: machineFacts,
  device,
  machineWorkers: counting,
  machineCpuThreads: positive,
  leadMs: v.exactOptional(positive),
});

const placement = v.looseObject({
  suiteId: v.string(),
  slotId: v.string(),
  partnerSlotIds: v.exactOptional(v.array(v.string())),
  claim: v.looseObject({
    deviceIds: v.array(v.string()),
    cpuThreads: amount,
    hostMemoryBytes: amount,
    deviceMemoryBytes: amount,
    locks: v.array(v.string()),
    exclusive: v.boolean(),
  }),
  estimate: v.looseObject({
    durationMs: positive,
    hostMemoryBytes: amount,
    basis: v.picklist([
      'given',
      'own-device',
      'other-device',
      'workload',
      'directory',
      'file-size',
      'mean',
      'default',
    ]),
    samples: whole,
    // Older records lack it.
    spread: v.optional(amount, 0),
  }),
  degraded: v.boolean(),
  batchSize: v.exactOptional(counting),
});

const permit = v.looseObject({
  deviceIds: v.array(v.string()),
  locks: v.array(v.string()),
  exclusive: v.boolean(),
});

const rejection = v.looseObject({
  slotId: v.string(),
  filter: v.string(),
  reason: v.string(),
  remedy: v.exactOptional(v.string()),
  until: v.picklist(['never', 'now']),
});

const cancelCause = v.picklist(['bail', 'interrupt']);

type FieldsOf<T extends RunEvent['type']> = Omit<Extract<RunEvent, { type: T }>, 'type'>;

/** The fields of each event, `type` apart: what one line of a record must hold. */
export const eventSchemas = {
  'run-started': v.looseObject({
    atMs: whole,
    version: v.literal(recordVersion),
    startedAt: v.pipe(v.string(), v.isoTimestamp()),
    packageVersion: v.string(),
    strategy: v.string(),
    commit: v.exactOptional(v.string()),
    uncommitted: v.exactOptional(v.literal(true)),
    index: v.exactOptional(counting),
    total: v.exactOptional(counting),
    filtered: v.boolean(),
    narrowedBy: v.exactOptional(v.array(v.string())),
    rerun: v.exactOptional(v.literal(true)),
    only: v.exactOptional(v.array(v.picklist(deviceClasses))),
    coverage: v.boolean(),
    coverageProvider: v.exactOptional(v.picklist(['babel', 'v8'])),
    root: v.exactOptional(v.looseObject({ checkoutHash: v.string(), rootDir: v.string() })),
    requireExecuted: v.array(v.picklist(deviceClasses)),
    failOn: v.exactOptional(v.array(v.picklist(failOnStates))),
    chaos: v.exactOptional(
      v.looseObject({ seed: whole, rate: amount, faults: v.array(v.picklist(faultNames)) }),
    ),
  }),
  'shard-planned': v.looseObject({
    atMs: whole,
    planId: v.string(),
    inputs: v.record(v.string(), v.string()),
    index: counting,
    total: counting,
    machine: v.exactOptional(v.string()),
    predictedMs: v.array(amount),
    boundMs: amount,
    elsewhere: v.array(v.string()),
    own: v.exactOptional(v.array(v.string())),
    dividedAt: v.exactOptional(v.pipe(v.string(), v.isoTimestamp())),
    ciRun: v.exactOptional(v.string()),
    ciAttempt: v.exactOptional(v.string()),
  }),
  'machine-known': v.looseObject({ atMs: whole, machine }),
  'machine-awaited': v.looseObject({ atMs: whole, machine: v.string(), address: v.string() }),
  'machine-settled': v.looseObject({
    atMs: whole,
    machine: v.string(),
    problem: v.exactOptional(v.string()),
    treeId: v.exactOptional(v.string()),
    tookMs: v.exactOptional(v.looseObject({ connect: amount, send: amount, prepare: amount })),
  }),
  'slot-up': v.looseObject({ atMs: whole, slot }),
  'device-heat': v.looseObject({
    atMs: whole,
    machine: v.string(),
    deviceId: v.string(),
    hot: v.boolean(),
    celsius: v.exactOptional(v.pipe(v.number(), v.finite())),
    source: v.string(),
  }),
  'machine-shared': v.looseObject({ atMs: whole, machine: v.string(), deviceIds: v.array(v.string()) }),
  'device-memory': v.looseObject({
    atMs: whole,
    machine: v.string(),
    deviceId: v.string(),
    takenBytes: amount,
    by: v.exactOptional(v.string()),
  }),
  'device-turns': v.looseObject({
    atMs: whole,
    machine: v.string(),
    deviceId: v.string(),
    free: amount,
    share: amount,
  }),
  'permit-awaited': v.looseObject({ atMs: whole, machine: v.string(), permit, by: v.string() }),
  'permit-granted': v.looseObject({ atMs: whole, machine: v.string(), permit }),
  'permit-withdrawn': v.looseObject({ atMs: whole, machine: v.string(), permit }),
  'machine-lost': v.looseObject({ atMs: whole, machine: v.string(), reason: v.string() }),
  'link-measured': v.looseObject({ atMs: whole, machine: v.string(), leadMs: positive }),
  'late-result': v.looseObject({
    atMs: whole,
    suiteId: v.string(),
    slotId: v.string(),
    attempt: counting,
    status: v.picklist(suiteStatuses),
  }),
  'slot-down': v.looseObject({ atMs: whole, slotId: v.string(), reason: v.string() }),
  'set-aside': v.looseObject({
    atMs: whole,
    machine: v.string(),
    deviceId: v.exactOptional(v.string()),
    reason: v.string(),
    since: v.exactOptional(v.pipe(v.string(), v.isoTimestamp())),
    injected: v.exactOptional(v.literal(true)),
  }),
  'fault-injected': v.looseObject({
    atMs: whole,
    fault: v.picklist(faultNames),
    suiteId: v.exactOptional(v.string()),
    attempt: v.exactOptional(counting),
    machine: v.exactOptional(v.string()),
    deviceId: v.exactOptional(v.string()),
    message: v.exactOptional(v.string()),
  }),
  'results-counted': v.looseObject({
    atMs: whole,
    suites: whole,
    none: v.array(v.string()),
    several: v.array(v.string()),
  }),
  'suite-queued': v.looseObject({
    atMs: whole,
    suite: v.looseObject({
      id: v.string(),
      profile: profileSchema,
      fileBytes: amount,
      failedLast: v.exactOptional(v.literal(true)),
      expectedMs: v.exactOptional(v.record(v.string(), amount)),
    }),
  }),
  'suite-not-selected': v.looseObject({ atMs: whole, suiteId: v.string(), reason: v.string() }),
  'suite-invalid': v.looseObject({ atMs: whole, suiteId: v.string(), problems: v.array(v.string()) }),
  'run-opened': v.looseObject({ atMs: whole }),
  tick: v.looseObject({ atMs: whole }),
  'suite-started': v.looseObject({
    atMs: whole,
    placement,
    attempt: counting,
    speculative: v.exactOptional(v.literal(true)),
    waitedMs: v.exactOptional(whole),
    waitedFor: v.exactOptional(v.string()),
  }),
  'successor-named': v.looseObject({ atMs: whole, placement, attempt: counting }),
  'successor-recalled': v.looseObject({
    atMs: whole,
    suiteId: v.string(),
    slotId: v.string(),
    attempt: counting,
  }),
  'successor-returned': v.looseObject({
    atMs: whole,
    suiteId: v.string(),
    slotId: v.string(),
    attempt: counting,
  }),
  'attempt-stopped': v.looseObject({
    atMs: whole,
    suiteId: v.string(),
    slotId: v.string(),
    attempt: counting,
    cause: v.string(),
  }),
  'suite-ended': v.looseObject({
    atMs: whole,
    suiteId: v.string(),
    slotId: v.string(),
    attempt: counting,
    status: v.picklist(suiteStatuses),
    degraded: v.boolean(),
    durationMs: amount,
    executedTests: v.exactOptional(whole),
    peakMemoryBytes: v.exactOptional(amount),
    cpuMs: v.exactOptional(amount),
    energyJoules: v.exactOptional(v.record(v.string(), amount)),
    cause: v.exactOptional(v.string()),
    infrastructure: v.exactOptional(v.literal(true)),
    notStarted: v.exactOptional(v.literal(true)),
    lastOutput: v.exactOptional(v.string()),
    deviceFault: v.exactOptional(v.looseObject({ kind: v.picklist(deviceFaultKinds), evidence: v.string() })),
    secondOpinion: v.exactOptional(
      v.looseObject({
        verdict: v.picklist(opinions),
        again: v.array(v.looseObject({ deviceIds: v.array(v.string()), status: v.picklist(suiteStatuses) })),
      }),
    ),
    failures: v.exactOptional(
      v.array(
        v.looseObject({
          test: v.exactOptional(v.string()),
          message: v.string(),
          at: v.exactOptional(v.string()),
        }),
      ),
    ),
    moreFailures: v.exactOptional(counting),
    retriedTests: v.exactOptional(v.array(v.string())),
  }),
  'suite-requeued': v.looseObject({
    atMs: whole,
    suiteId: v.string(),
    attempt: counting,
    cause: v.string(),
  }),
  'suite-given-up': v.looseObject({ atMs: whole, suiteId: v.string(), cause: v.string() }),
  'suite-unplaceable': v.looseObject({
    atMs: whole,
    suiteId: v.string(),
    action: v.picklist(['fail', 'skip']),
    rejections: v.array(rejection),
  }),
  'run-cancelled': v.looseObject({ atMs: whole, cause: cancelCause }),
  'suite-not-started': v.looseObject({ atMs: whole, suiteId: v.string(), cause: cancelCause }),
  'run-ended': v.looseObject({ atMs: whole }),
} satisfies { readonly [T in RunEvent['type']]: v.GenericSchema<unknown, FieldsOf<T>> };
