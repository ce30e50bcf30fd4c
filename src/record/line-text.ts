import type { Placement, RunEvent, Suite } from '../core/events.js';
import { defaultProfile } from '../core/workload/profile.js';
import { isObject } from '../json/plain.js';

/*
 * Lines of a record leave out what is so for most suites, and name a suite by a number once its own line has given its id:
 * a run of 10,000 suites has 30,000 such lines. Whoever reads a record gets whole events.
 */

type Fields = Readonly<Record<string, unknown>>;

const usualRequirement = { count: 1 };
const usualEstimate = { hostMemoryBytes: 0, basis: 'own-device' };
const usualPlacement = { degraded: false };
const usualStart = { attempt: 1 };
const usualEnd = { attempt: 1, degraded: false, status: 'passed' };

/** Makes the lines of one record. */
export class LineWriter {
  readonly #numbers = new Map<string, number>();

  /** The line of an event, with its newline. */
  lineOf(event: RunEvent): string {
    return `${JSON.stringify(this.#shortEvent(event))}\n`;
  }

  #shortEvent(event: RunEvent): unknown {
    switch (event.type) {
      case 'suite-queued': {
        const number = this.#numbers.size + 1;
        this.#numbers.set(event.suite.id, number);
        return { ...event, suite: shortSuite(event.suite, number) };
      }
      case 'suite-started': {
        const { placement } = event;
        const suiteId = this.#numbers.get(placement.suiteId) ?? placement.suiteId;
        return { ...unusual(event, usualStart), placement: { ...shortPlacement(placement), suiteId } };
      }
      case 'suite-ended': {
        const suiteId = this.#numbers.get(event.suiteId) ?? event.suiteId;
        return { ...unusual(event, usualEnd), suiteId };
      }
      default:
        return event;
    }
  }
}

/** The text of a whole record. */
export function recordText(events: readonly RunEvent[]): string {
  const lines = new LineWriter();
  return events.map((event) => lines.lineOf(event)).join('');
}

/** Reads the lines of one record, in their order. Lines of older records leave out nothing. */
export class LineReader {
  readonly #ids = new Map<unknown, unknown>();

  /** What a line says, whatever it is, with all that it leaves out. */
  wholeEvent(line: unknown): unknown {
    if (!isObject(line)) return line;
    switch (line['type']) {
      case 'suite-queued':
        return { ...line, suite: onObject(line['suite'], (suite) => this.#wholeSuite(suite)) };
      case 'suite-started': {
        const placement = onObject(line['placement'], (short) => this.#named(wholePlacement(short)));
        return { ...filled(line, usualStart), placement };
      }
      case 'suite-ended':
        return this.#named(filled(line, usualEnd));
      default:
        return line;
    }
  }

  #wholeSuite({ number, ...suite }: Fields): Fields {
    if (number !== undefined) this.#ids.set(number, suite['id']);
    return wholeSuite(suite);
  }

  /** A number whose line is lost stays, and is refused by whoever checks the event. */
  #named(fields: Fields): Fields {
    const { suiteId } = fields;
    return typeof suiteId === 'number' ? { ...fields, suiteId: this.#ids.get(suiteId) ?? suiteId } : fields;
  }
}

function shortSuite({ profile, ...suite }: Suite, number: number): Fields {
  const { hardware, ...asked } = unusual(profile, defaultProfile);
  const requirements = profile.hardware.map((each) => unusual(each, usualRequirement));
  const short = { ...asked, ...(hardware !== undefined && { hardware: requirements }) };
  return { ...suite, number, ...unlessEmpty('profile', short) };
}

function shortPlacement(whole: Placement): Fields {
  const { claim, estimate, ...placement } = whole;
  return {
    ...unusual(placement, usualPlacement),
    ...unlessEmpty('claim', unusual(claim, usualClaim(whole))),
    ...unlessEmpty('estimate', unusual(estimate, usualEstimate)),
  };
}

function wholeSuite(suite: Fields): Fields {
  const { profile: said = {} } = suite;
  const profile = onObject(said, (asked) => ({
    ...filled(asked, defaultProfile),
    ...(Array.isArray(asked['hardware']) && { hardware: asked['hardware'].map(wholeRequirement) }),
  }));
  return { ...suite, profile };
}

function wholePlacement(placement: Fields): Fields {
  const { slotId, claim: needed = {}, estimate: expected = {} } = placement;
  const estimate = onObject(expected, (given) => filled(given, usualEstimate));
  const usual = usualClaim({ slotId, estimate });
  const claim = onObject(needed, (given) => filled(given, usual));
  return filled({ ...placement, claim, estimate }, usualPlacement);
}

function wholeRequirement(requirement: unknown): unknown {
  return onObject(requirement, (given) => filled(given, usualRequirement));
}

/** One thread and the expected memory, on the device of the slot (`machine/gpu0#1`). */
function usualClaim({ slotId, estimate }: { readonly slotId: unknown; readonly estimate: unknown }): Fields {
  const slot = String(slotId);
  return {
    deviceIds: [slot.slice(slot.lastIndexOf('/') + 1, slot.lastIndexOf('#'))],
    cpuThreads: 1,
    hostMemoryBytes: (estimate as Fields | undefined)?.['hostMemoryBytes'],
    deviceMemoryBytes: 0,
    locks: [],
    exclusive: false,
  };
}

/** What the line says comes first: readers that look for some events only go by the first fields of a line. */
function filled(fields: Fields, usual: object): Fields {
  const missing = Object.entries(usual).filter(([key]) => fields[key] === undefined);
  return { ...fields, ...Object.fromEntries(missing) };
}

/** The fields of which the usual ones say nothing else. */
function unusual(fields: object, usual: Fields | object): Fields {
  const known = usual as Fields;
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([key, value]) => !(Object.hasOwn(known, key) && isSame(value, known[key])),
    ),
  );
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b));
}

function unlessEmpty(key: string, fields: Fields): Fields {
  return Object.keys(fields).length === 0 ? {} : { [key]: fields };
}

/** What is no object is refused by whoever checks the event. */
function onObject(value: unknown, change: (fields: Fields) => Fields): unknown {
  return isObject(value) ? change(value) : value;
}
