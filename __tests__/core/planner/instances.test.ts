import { readdirSync, readFileSync } from 'node:fs';
import { type PlanInstance, plan } from '../../../src/core/planner/plan.js';
import { checkPlan } from './exhaustive.js';

/** Written by bench/accepted-instances.mjs. */
interface Accepted {
  readonly acceptedRatio: readonly [low: number, high: number];
  readonly moves: number;
  readonly instance: PlanInstance;
}

const folder = new URL('./instances/', import.meta.url);

test.each(readdirSync(folder))('%s is planned within its range', (name) => {
  const { acceptedRatio, moves, instance } = JSON.parse(
    readFileSync(new URL(name, folder), 'utf8'),
  ) as Accepted;
  const found = plan(instance, { moves });
  checkPlan(instance, found);
  const ratio = found.makespanMs / found.boundMs;
  expect(ratio).toBeGreaterThanOrEqual(acceptedRatio[0]);
  expect(ratio).toBeLessThanOrEqual(acceptedRatio[1]);
});
