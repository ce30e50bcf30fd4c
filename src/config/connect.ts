import * as v from 'valibot';
import { durationSyntax } from '../core/vocabulary/units.js';
import { readDuration } from '../core/workload/values.js';

/** The fleet that takes part in a run, as users write it. A text is its address alone. */
export interface ConnectInput {
  /** `rediss://user:password@host:6379`: a Redis (6.2 or newer) or a Valkey. Best left to the variable `JEST_HARDWARE_CONNECT`. */
  readonly url: string;
  /** Git remote by which machines of the fleet get the working state: a name, or an address that they reach. Default `origin`. */
  readonly remote?: string;
  /** Whether the working state is sent to that remote, as `refs/jest-hardware/<tree>`. `false`: it is there already. Default true. */
  readonly push?: boolean;
  /** How long suites that only a machine which has not joined could run are waited for: `2m`, which is the default. */
  readonly waitForHardware?: string;
  /** How much of a machine this run gets beside other runs, from 1 to 100: one of 2 gets twice as much as one of 1. Default 1. */
  readonly priority?: number;
  /** Takes a broker without TLS that is not on this machine. Default false. */
  readonly insecure?: boolean;
}

/** A fleet as its description was read. */
export interface ConnectConfig {
  readonly url: string;
  readonly remote: string;
  readonly push: boolean;
  /** Ms. */
  readonly waitForHardware: number;
  readonly priority: number;
  readonly insecure: boolean;
}

const expected = 'an address such as rediss://host:6379, or an object with `url`';
const text = v.pipe(v.string('a text'), v.nonEmpty('a text'));
const duration = v.pipe(
  v.string(durationSyntax),
  v.rawTransform<string, number>(({ dataset, addIssue, NEVER }) => {
    const read = readDuration(dataset.value.trim());
    if (read.ok) return read.value;
    addIssue({ message: durationSyntax });
    return NEVER;
  }),
);

const connect = v.strictObject(
  {
    url: text,
    remote: v.exactOptional(text, 'origin'),
    push: v.exactOptional(v.boolean('true or false'), true),
    waitForHardware: v.exactOptional(duration, '2m'),
    priority: v.exactOptional(
      v.pipe(
        v.number('a number from 1 to 100'),
        v.minValue(1, 'a number from 1 to 100'),
        v.maxValue(100, 'a number from 1 to 100'),
      ),
      1,
    ),
    insecure: v.exactOptional(v.boolean('true or false'), false),
  },
  expected,
);

/** The option `connect`, as it may stand in the options. */
export const connectSchema = v.pipe(
  v.union([text, v.looseObject({}, expected)], expected),
  v.transform((given) => (typeof given === 'string' ? { url: given } : given)),
  connect,
);

/** @param address What `JEST_HARDWARE_CONNECT` says; everything else is as the option says, or by default. */
export function connectTo(address: string, option: ConnectConfig | undefined): ConnectConfig {
  return { ...(option ?? v.parse(connectSchema, address)), url: address };
}
