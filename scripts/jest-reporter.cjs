/** Says what is going on before the first test file has ended: the slowest begin, and a log shows nothing of them. */
module.exports = class Beginning {
  /** @param {{ numTotalTestSuites: number }} results @param {{ estimatedTime: number }} options */
  onRunStart({ numTotalTestSuites }) {
    if (numTotalTestSuites < 20) return;
    process.stderr.write(
      `${numTotalTestSuites} test files, the slowest first: results come in half a minute.\n`,
    );
  }
};
