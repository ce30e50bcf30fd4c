import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { strategyNames } from '../../../../src/core/strategies/index.js';

test('every strategy has a test of the contract', () => {
  const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)));
  expect(files).toEqual(expect.arrayContaining(strategyNames.map((name) => `${name}.test.ts`)));
});
