import { readFileSync } from 'node:fs';
import { Estimates } from '../../../src/core/estimate/estimate.js';
import { suite } from '../cluster.js';

/** Written by bench/accepted-instances.mjs. */
interface Observed {
  readonly acceptedError: Readonly<Record<'other-device' | 'unseen', readonly [low: number, high: number]>>;
  readonly suites: readonly {
    readonly id: string;
    readonly workload: string;
    readonly fileBytes: number;
    readonly ms: Readonly<Record<'cpu' | 'gpu', number>>;
  }[];
}

const { acceptedError, suites } = JSON.parse(
  readFileSync(new URL('./predictions.json', import.meta.url), 'utf8'),
) as Observed;

/** Root of the mean square of ln(estimate / truth) over suites that were left out. */
function errorOf(kind: 'other-device' | 'unseen'): number {
  const estimates = new Estimates();
  const errors: number[] = [];
  const isAsked = (index: number) => index % 4 === 3;
  for (const [index, { id, workload, fileBytes, ms }] of suites.entries()) {
    if (isAsked(index) && kind === 'unseen') continue;
    estimates.announce(suite(id, { workload }, fileBytes));
    estimates.observe({ suiteId: id, deviceKind: 'cpu', durationMs: ms.cpu });
    if (!isAsked(index)) estimates.observe({ suiteId: id, deviceKind: 'gpu', durationMs: ms.gpu });
  }
  for (const [index, { id, workload, fileBytes, ms }] of suites.entries()) {
    if (!isAsked(index)) continue;
    const { durationMs } = estimates.estimateOf(suite(id, { workload }, fileBytes), 'gpu');
    errors.push(Math.log(durationMs / ms.gpu) ** 2);
  }
  return Math.sqrt(errors.reduce((sum, each) => sum + each, 0) / errors.length);
}

test.each(['other-device', 'unseen'] as const)(
  'the error of estimates for %s is within its range',
  (kind) => {
    const [low, high] = acceptedError[kind];
    const error = errorOf(kind);
    expect(error).toBeGreaterThanOrEqual(low);
    expect(error).toBeLessThanOrEqual(high);
  },
);
