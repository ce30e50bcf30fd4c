/**
 * What reports of large runs cost: time to summarise, and time and size of each format.
 * Usage: node bench/reports.mjs [SUITES] (default 10000)
 */
import { performance } from 'node:perf_hooks';
import { source } from './source.mjs';

const { largeRun, reportFormats, fileOptions, summarise } = await source(
  '../__tests__/report/large-run.js',
  'report/formats/index.js',
  'report/formats/format.js',
  'report/summary/summary.js',
);
const suites = Number(process.argv[2] ?? 10_000);
const events = largeRun(suites);

console.log(`${suites} suites, ${events.length} events; the best of 5, ms`);
const summary = timed('summary', () => summarise(events));
for (const [name, { render }] of Object.entries(reportFormats)) {
  const text = timed(name, () => render({ summary, events }, fileOptions()));
  console.log(`  ${(Buffer.byteLength(text) / 1e6).toFixed(2)} MB`);
}

/** @template Value @param {string} name @param {() => Value} make @returns {Value} */
function timed(name, make) {
  let value = make();
  const times = Array.from({ length: 5 }, () => {
    const startMs = performance.now();
    value = make();
    return performance.now() - startMs;
  });
  console.log(`${name.padEnd(10)} ${Math.min(...times).toFixed(0)}`);
  return value;
}
