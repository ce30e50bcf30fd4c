/**
 * Jest starts the slowest test file first by what it remembers of earlier runs, and by size where it remembers nothing.
 * Size says little: a row of a table may start Jest ten times. On a machine that has never run the tests, the slowest
 * would begin last, with the other core idle.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

/** Seconds, roughly; any other file takes about one. */
const expectedSeconds = [
  [/[\\/]e2e[\\/](lost-machines|faults|parity-|fleet-lost|docs|init|chaos|devices)/, 40],
  [/[\\/]e2e[\\/]/, 15],
  [/[\\/](sync|transport|browsers)[\\/]/, 10],
  [/[\\/]strategies[\\/]contract[\\/]/, 5],
  [/[\\/](simulate|advise|scheduler-scale|task-scheduler|coverage|many-suites|kept-code)\.test/, 5],
];

module.exports = class SlowestFirst extends Sequencer {
  /** @param {import('@jest/test-result').Test} test */
  time(test) {
    const [, seconds = 1] = expectedSeconds.find(([pattern]) => pattern.test(test.path)) ?? [];
    return super.time(test) ?? seconds * 1000 + (test.context.hasteFS.getSize(test.path) ?? 0) / 100;
  }
};
