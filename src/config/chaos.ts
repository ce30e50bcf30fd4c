import * as v from 'valibot';
import { type Chaos, type FaultName, faultNames } from '../core/events.js';
import { expectationOf } from '../core/vocabulary/expectation.js';
import { type ParsedValue, splitList, wordOf } from '../core/workload/values.js';

/** Faults that are injected into a run, as users write them. */
export interface ChaosInput {
  /** Equal seeds strike equal suites. An integer ≥ 0, default 1. */
  readonly seed?: number;
  /** Probability of a fault for each attempt of a suite and each message of a fleet, from 0 to 1. Default 0.05. */
  readonly rate?: number;
  /** Default all. */
  readonly faults?: readonly FaultName[];
}

const expectedSeed = 'an integer from 0 to 4294967295';
const expectedRate = 'a number from 0 to 1';
const expectedFaults = `an array of ${faultNames.join(', ')}`;

/** The option `chaos`, as it may stand in the options. */
export const chaosSchema = v.strictObject(
  {
    seed: v.exactOptional(
      v.pipe(
        v.number(expectedSeed),
        v.integer(expectedSeed),
        v.minValue(0, expectedSeed),
        v.maxValue(0xffff_ffff, expectedSeed),
      ),
      1,
    ),
    rate: v.exactOptional(
      v.pipe(v.number(expectedRate), v.minValue(0, expectedRate), v.maxValue(1, expectedRate)),
      0.05,
    ),
    faults: v.exactOptional(v.array(v.picklist(faultNames, expectedFaults), expectedFaults), faultNames),
  },
  'an object of seed, rate and faults',
);

/** What `JEST_HARDWARE_CHAOS` takes. */
export const chaosSyntax = `\`off\`, or by comma \`seed:N\`, \`rate:N\` and names of faults (${faultNames.join(', ')})`;

/** What the variable sets of the option; false: no chaos. */
export function readChaos(text: string): ParsedValue<ChaosInput | false> {
  if (text.toLowerCase() === 'off') return { ok: true, value: false };
  const read = splitList(text).map((part) => {
    const [, key, value] = /^(seed|rate):(\d+(?:\.\d+)?)$/i.exec(part) ?? [];
    return key === undefined ? wordOf(faultNames)(part) : ([key.toLowerCase(), Number(value)] as const);
  });
  const settings: [string, number][] = [];
  const faults: FaultName[] = [];
  for (const each of read) {
    if (!('ok' in each)) settings.push([...each]);
    else if (each.ok) faults.push(each.value);
    else return each;
  }
  const given = { ...Object.fromEntries(settings), ...(faults.length > 0 && { faults }) };
  return v.safeParse(chaosSchema, given, { message: expectationOf }).success
    ? { ok: true, value: given }
    : { ok: false };
}

/** @param asked What the variable says, which counts before the option. */
export function chaosOf(option: Chaos | undefined, asked: ChaosInput | false | undefined): Chaos | undefined {
  if (asked === undefined) return option;
  return asked === false ? undefined : { ...(option ?? v.parse(chaosSchema, {})), ...asked };
}
