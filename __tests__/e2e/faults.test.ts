/** A sample of `npm run faults`: a run in which something happens to one of its machines goes as one of stock Jest. */
import { FaultyRuns } from './faults/seeded-run.js';
import { testWithSsh } from './harness/ssh-server.js';

let runs: FaultyRuns | undefined;
afterAll(() => runs?.close());

testWithSsh.each([1, 4])('seed %i', async (seed) => {
  runs ??= await FaultyRuns.open();
  const { what, hasHappened, problems } = await runs.run(seed);
  expect({ what, hasHappened, problems }).toEqual({ what, hasHappened: true, problems: [] });
});
