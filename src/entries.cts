/**
 * The built package in one file (scripts/build.mjs), so that all of its entries share one state in a process. Each entry
 * is evaluated when it is first asked for.
 */
module.exports = {
  get index() {
    return require('./index.js');
  },
  get sequencer() {
    return require('./jest/sequencer.js');
  },
  get reporter() {
    return require('./jest/reporter.js');
  },
  /** Runs the command line of this process. */
  get main() {
    return require('./cli/main.js');
  },
};
