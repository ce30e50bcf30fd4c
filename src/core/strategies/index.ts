import { pull } from './pull.js';
import { roundRobin } from './round-robin.js';
import type { Strategy } from './strategy.js';

export type * from './strategy.js';

/** Every strategy by the name that options and reports use. */
export const strategies = {
  pull,
  'round-robin': roundRobin,
} as const satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof strategies;

export const strategyNames = Object.keys(strategies) as readonly StrategyName[];
