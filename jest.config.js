/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/__tests__'],
  testMatch: ['**/*.test.ts'],
  // Jest's default leaves one core idle, which is half of a small machine. Much of the time here is waited for processes.
  maxWorkers: '100%',
  // For machines that are busy with something else; no test waits so long for anything.
  testTimeout: 30_000,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      'ts-jest',
      { useESM: true, tsconfig: '<rootDir>/__tests__/tsconfig.json', diagnostics: false },
    ],
  },
};
