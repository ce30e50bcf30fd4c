/**
 * What reading docblocks costs, on the files of a real project repeated to 10,000: as they are, with a pragma in the docblock,
 * and with a misplaced one at the end, for which each file is parsed. CPU time, best of 5.
 * Usage: node bench/docblocks.mjs FOLDER
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { source } from './source.mjs';

const { readDocblock } = await source('config/docblock/docblock.ts');
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node bench/docblocks.mjs FOLDER');
const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (path) => /\.[cm]?[jt]sx?$/.test(path) && !path.includes('node_modules'),
);
const sources = paths.map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
if (sources.length === 0) throw new Error(`${folder} has no JavaScript or TypeScript files`);

/** @param {string} what @param {number} count @param {(text: string) => string} change */
function measure(what, count, change) {
  const files = Array.from({ length: count }, (_, index) => sources[index % sources.length]).map(
    ({ path, text }) => ({ path, text: change(text) }),
  );
  const cpuMs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    for (const { path, text } of files) readDocblock(text, path);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  const bytes = files.reduce((sum, { text }) => sum + text.length, 0);
  const perFile = ((Math.min(...cpuMs) / count) * 1000).toFixed(1);
  console.log(`${what.padEnd(30)} ${count} files, ${(bytes / 1e6).toFixed(1)} MB: ${perFile} µs a file`);
}

measure('as they are', 10_000, (text) => text);
measure('tagged', 10_000, (text) => `/** @hardware gpu */\n${text}`);
measure('a misplaced pragma, parsed', 500, (text) => `${text}\n/* @hardware gpu */`);
