import type { Rejection } from '../../core/events.js';
import { notLookedFor } from '../../core/scheduler/feasibility.js';
import { printable } from '../../core/vocabulary/printable.js';

/**
 * Why no slot can run a suite, one readable clause per need: rejections of several devices for the same need become
 * one, `needs gpu: this machine has cpu, npu`.
 */
export function clausesOf(rejections: readonly Rejection[]): readonly string[] {
  // When a device of the right class exists, rejections of other devices for their class explain nothing.
  const near = rejections.filter(({ filter }) => filter !== 'class');
  const findingsOf = new Map<string, Set<string>>();
  for (const { reason } of near.length > 0 ? near : rejections) {
    const [need = reason, ...rest] = reason.split(': ');
    const findings = findingsOf.get(need) ?? new Set();
    findingsOf.set(need, findings.add(rest.join(': ')));
  }
  return [...findingsOf].map(([need, findings]) => {
    const found = joined([...findings].filter((finding) => finding !== ''));
    return found === '' ? need : `${need}: ${found}`;
  });
}

/**
 * Explains to a person why a suite cannot run: one line for each clause, then what to do. Devices that are present but not
 * usable come first, each with its own remedy.
 * @param change The smallest change that would let it run: `would run on 3 machines with 2 GiB less on the device`.
 */
export function refusalText(rejections: readonly Rejection[], change?: string): string {
  const remedies = new Set(rejections.flatMap(({ remedy }) => remedy ?? []));
  // A word that is never detected has to be declared: another machine does not help.
  const undetectable = rejections.some(({ filter }) => filter === notLookedFor);
  const elsewhere = `${undetectable ? '' : 'run it where such a device is, '}declare the device in a machine file`;
  // The devices exist, but somebody else holds them for now.
  const isTaken = rejections.length > 0 && rejections.every(({ until }) => until === 'now');
  if (isTaken) {
    return [
      'No device of this run can run this suite now:',
      ...clausesOf(rejections).map((clause) => `  ${printable(clause)}`),
      ...[...remedies].map((remedy) => `${capitalised(printable(remedy))}.`),
    ].join('\n');
  }
  return [
    'No device of this run can run this suite:',
    ...clausesOf(rejections).map((clause) => `  ${printable(clause)}`),
    ...(change === undefined || [...remedies].some((remedy) => change.includes(remedy))
      ? []
      : [`It ${printable(change)}.`]),
    ...[...remedies].map((remedy) => `  remedy: ${printable(remedy)}`),
    `${remedies.size === 0 ? capitalised(elsewhere) : `Or ${elsewhere}`}, or choose unsatisfiable: 'skip' or 'degrade'.`,
  ].join('\n');
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** `this machine has cpu`, `this machine has npu` → `this machine has cpu, npu`. */
function joined(findings: readonly string[]): string {
  const [first = '', ...others] = findings;
  const prefix = first.slice(0, first.lastIndexOf(' ') + 1);
  return [first, ...others.map((text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text))].join(
    ', ',
  );
}
