import { stripVTControlCharacters } from 'node:util';
import type { SecondOpinion } from '../../core/events.js';
import type { Device } from '../../core/machine/machine.js';
import { meetsRequirements } from '../../core/scheduler/feasibility.js';
import type { Executor, Start, SuiteOutcome } from '../../execute/executor.js';
import type { SuiteResult } from '../suite.js';

/**
 * Runs a suite that failed on an accelerator once more on the same device and, if it fails again, on the CPU of the same machine,
 * where it may run there. The first outcome stays what counts. The attempt holds what it has claimed meanwhile.
 * @param quiet Runs suites of which Jest is told nothing.
 */
export function withSecondOpinion(
  executor: Executor<SuiteResult>,
  quiet: Executor<SuiteResult>,
): Executor<SuiteResult> {
  return {
    async run(start, signal) {
      const outcome = await executor.run(start, signal);
      const [device] = start.devices;
      const isAsked =
        outcome.status === 'failed' && outcome.deviceFault === undefined && device.class !== 'cpu';
      if (!isAsked || outcome.result === undefined || signal.aborted) return outcome;
      const runAgain = async (on: Start) => (await quiet.run(on, signal)).status;
      // Not the first attempt, so in a process of its own.
      const anew = { ...withoutAhead(start), attempt: start.attempt + 1 };
      const same = await runAgain(anew);
      const cpu = cpuFor(start);
      const other = same === 'failed' && cpu !== undefined ? await runAgain(onDevice(anew, cpu)) : undefined;
      const verdict = verdictOf(same, other, outcome);
      if (verdict === undefined) return outcome;
      const again = [
        { deviceIds: start.placement.claim.deviceIds, status: same },
        ...(cpu === undefined || other === undefined ? [] : [{ deviceIds: [cpu.id], status: other }]),
      ];
      return { ...outcome, secondOpinion: { verdict, again } };
    },
  };
}

/** @returns Undefined where the suite gave no result, such as in a run that was interrupted. */
function verdictOf(
  same: SuiteOutcome<SuiteResult>['status'],
  other: SuiteOutcome<SuiteResult>['status'] | undefined,
  { failures = [] }: SuiteOutcome<SuiteResult>,
): SecondOpinion['verdict'] | undefined {
  if (same === 'passed') return 'flake';
  if (same !== 'failed') return undefined;
  if (other === 'failed') return 'code';
  if (other !== 'passed') return 'repeatable';
  return failures.every(({ message }) => isNumericMismatch(message)) ? 'precision' : 'device';
}

/** Whether an assertion of Jest's failed for nothing but other numbers. */
export function isNumericMismatch(message: string): boolean {
  const lines = stripVTControlCharacters(message).split('\n');
  if (!/^(?:\w*Error: )?expect\(/.test(lines[0] ?? '')) return false;
  if (/\.toBeCloseTo\(/.test(lines[0] ?? '')) return true;
  const compared = lines.filter(
    (line) => /^(?:Expected|Received)[\w ]*: /.test(line) || /^[-+] (?! ?(?:Expected|Received))/.test(line),
  );
  const valueIn = (line: string) => line.replace(/^(?:[-+]|[\w ]+:(?: [<>]=?)?)\s*/, '').replace(/,$/, '');
  return compared.length > 0 && compared.every((line) => isNumber(valueIn(line)));
}

function isNumber(text: string): boolean {
  return /^-?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Infinity|NaN)$/i.test(text);
}

/** The CPU of the suite's machine, where the suite may run on it. */
function cpuFor({ machine, suite }: Start): Device | undefined {
  const cpu = machine.devices.find((device) => device.class === 'cpu' && device.usable);
  const asked = { ...suite.profile, minMemoryBytes: 0 };
  return cpu !== undefined && meetsRequirements(asked, cpu) ? cpu : undefined;
}

function onDevice({ placement, ...start }: Start, device: Device): Start {
  const { batchSize: _size, ...place } = placement;
  const claim = { ...placement.claim, deviceIds: [device.id], deviceMemoryBytes: 0 };
  return { ...start, devices: [device], placement: { ...place, claim } };
}

function withoutAhead({ ahead: _ahead, ...start }: Start): Start {
  return start;
}
