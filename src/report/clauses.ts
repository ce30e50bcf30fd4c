import type { Rejection } from '../core/events.js';

/**
 * Why no slot can run a suite, one readable clause per need: rejections of several devices for the same need become
 * one, `needs gpu: this machine has cpu, npu`.
 */
export function clausesOf(rejections: readonly Rejection[]): readonly string[] {
  // Once a device of the right class exists, what the others are explains nothing.
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

/** `this machine has cpu`, `this machine has npu` → `this machine has cpu, npu`. */
function joined(findings: readonly string[]): string {
  const [first = '', ...others] = findings;
  const prefix = first.slice(0, first.lastIndexOf(' ') + 1);
  return [first, ...others.map((text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text))].join(
    ', ',
  );
}
