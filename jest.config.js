import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/__tests__'],
  testMatch: ['**/*.test.ts'],
  // A test file needs 0.6 of a core: much of its time is waited for other processes and for what is lost.
  maxWorkers: 2 * availableParallelism(),
  // Test files leave something behind. To start a process, Node copies the page tables: 1 ms at first, 27 ms at 1 GB.
  workerIdleMemoryLimit: '200MB',
  testSequencer: '<rootDir>/scripts/jest-sequencer.cjs',
  reporters: ['default', '<rootDir>/scripts/jest-reporter.cjs'],
  // End-to-end tests start Jest several times, about a second each on an idle machine; this one may be busy.
  testTimeout: 120_000,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': '<rootDir>/scripts/jest-transform.cjs' },
};
