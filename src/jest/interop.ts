/**
 * Default imports of Jest packages: their typings describe the CommonJS build, their `import` entry gives the class
 * itself. The casts that this needs live here and nowhere else.
 */
import jestTestSequencer from '@jest/test-sequencer';
import jestHasteMap from 'jest-haste-map';
import jestRunner from 'jest-runner';
import jestRuntime from 'jest-runtime';

export const HasteMap = jestHasteMap as unknown as typeof jestHasteMap.default;
export const StockRunner = jestRunner as unknown as typeof jestRunner.default;
export type StockRunner = InstanceType<typeof StockRunner>;
export const Runtime = jestRuntime as unknown as typeof jestRuntime.default;
export const StockSequencer = jestTestSequencer as unknown as typeof jestTestSequencer.default;
export type StockSequencer = InstanceType<typeof StockSequencer>;
