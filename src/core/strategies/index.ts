import type { Strategy } from '../scheduler/strategy.js';
import { adaptive } from './adaptive.js';
import { performanceAware } from './performance-aware.js';
import { powerAware } from './power-aware.js';
import { pull } from './pull.js';
import { resourceAware } from './resource-aware.js';
import { roundRobin } from './round-robin.js';

export type * from '../scheduler/strategy.js';

/** Every strategy by the name that options and reports use. */
export const strategies = {
  adaptive,
  'performance-aware': performanceAware,
  'resource-aware': resourceAware,
  'power-aware': powerAware,
  pull,
  'round-robin': roundRobin,
} as const satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof strategies;

export const strategyNames = Object.keys(strategies) as readonly StrategyName[];

/** What a run uses when nobody says otherwise. */
export const defaultStrategy: StrategyName = 'adaptive';
