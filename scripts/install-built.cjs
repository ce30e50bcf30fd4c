const { cpSync, mkdirSync, readdirSync, symlinkSync } = require('node:fs');
const { join } = require('node:path');

const repository = join(__dirname, '..');

/**
 * Gives a folder a `node_modules` with the package as it is built, and links to the packages that we develop with.
 * The package is a copy: nothing changes in it when the sources are built again.
 * @param {string} folder
 * @returns {string} The `node_modules`.
 */
exports.installBuilt = (folder) => {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (name.startsWith('.') || name === 'jest-runner-hardware') continue;
    symlinkSync(join(repository, 'node_modules', name), join(modules, name));
  }
  for (const part of ['package.json', 'dist']) {
    cpSync(join(repository, part), join(modules, 'jest-runner-hardware', part), { recursive: true });
  }
  return modules;
};
