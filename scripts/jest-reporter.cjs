const { existsSync } = require('node:fs');
const { basename, join, relative } = require('node:path');
const { folderOf, homeOf } = require('../__tests__/e2e/harness/places.cjs');

/** What Jest's own reporter does not say of our tests. */
module.exports = class OurReporter {
  onRunStart({ numTotalTestSuites }) {
    if (numTotalTestSuites > 1) say(`${numTotalTestSuites} test files, the slowest first`);
  }

  /** The first result may take half a minute; a log, unlike a terminal, shows nothing of what is running. */
  onTestFileStart({ path }) {
    if (!process.stderr.isTTY && isEndToEnd(path)) say(`RUNS ${relative(process.cwd(), path)}`);
  }

  /** End-to-end tests leave their projects. */
  onTestResult({ path }, { testResults }) {
    if (!isEndToEnd(path)) return;
    for (const { fullName, status } of testResults) {
      const folders = status === 'failed' ? foldersOf(basename(path, '.test.ts'), fullName) : [];
      if (folders.length > 0) say(`Left by "${fullName}":\n${folders.map((each) => `  ${each}\n`).join('')}`);
    }
  }
};

/** @param {string} path */
function isEndToEnd(path) {
  return /[\\/]e2e[\\/]/.test(path);
}

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
