/** Where end-to-end tests keep their projects; the reporter that names them after a failure is not TypeScript. */
const { createHash } = require('node:crypto');
const { realpathSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const repository = join(__dirname, '../../..');

/** Of all checkouts. */
exports.base = join(realpathSync(tmpdir()), 'jest-runner-hardware-e2e');

/** Of this checkout: the same in each run, as Jest's caches go by path. @param {boolean} stockOnly */
exports.homeOf = (stockOnly) =>
  join(exports.base, createHash('sha256').update(`${repository} ${stockOnly}`).digest('hex').slice(0, 12));

/** What a test or a scenario is called, as the name of a folder. @param {string} name */
exports.folderOf = (name) => {
  const folder = name.replaceAll(/[^\w-]+/g, '-');
  if (folder.length <= 60) return folder;
  return `${folder.slice(0, 50)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
};
