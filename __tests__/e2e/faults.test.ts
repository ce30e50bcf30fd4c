/** A sample of `npm run faults`: a run in which something happens to one of its machines goes as one of stock Jest. */
import { FaultyRuns } from './faults/seeded-run.js';
import { testWithSsh } from './harness/ssh-server.js';

let runs: FaultyRuns | undefined;
afterAll(() => runs?.close());

testWithSsh.each([1, 4, 26])('seed %i', async (seed) => {
  runs ??= await FaultyRuns.open('ssh');
  // On a busy machine a run may have ended before its fault; `npm run faults` tells.
  const { what, problems } = await runs.run(seed);
  expect({ what, problems }).toEqual({ what, problems: [] });
});
