const { existsSync } = require('node:fs');
const { basename, join } = require('node:path');
const { folderOf, homeOf } = require('../__tests__/e2e/harness/places.cjs');

/** What Jest's own reporter does not say of our tests. */
module.exports = class OurReporter {
  /** The slowest files come first, and a log shows nothing of a file before it has ended. */
  onRunStart({ numTotalTestSuites }) {
    if (numTotalTestSuites < 20) return;
    say(`${numTotalTestSuites} test files, the slowest first: results come in half a minute.`);
  }

  /** End-to-end tests leave their projects. */
  onTestResult({ path }, { testResults }) {
    if (!/[\\/]e2e[\\/]/.test(path)) return;
    for (const { fullName, status } of testResults) {
      const folders = status === 'failed' ? foldersOf(basename(path, '.test.ts'), fullName) : [];
      if (folders.length > 0) say(`Left by "${fullName}":\n${folders.map((each) => `  ${each}\n`).join('')}`);
    }
  }
};

function foldersOf(file, test) {
  const home = homeOf(process.env.E2E_RUNNER === 'stock');
  const projects = join(home, 'projects', file);
  const scenarios = ['stock', 'hardware'].map((runner) => join(home, 'scenarios', runner, folderOf(test)));
  const own = [join(projects, folderOf(test)), ...scenarios].filter((folder) => existsSync(folder));
  return own.length > 0 ? own : [projects].filter((folder) => existsSync(folder));
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
