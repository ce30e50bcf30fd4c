/**
 * What large runs cost this package in Jest's process and afterwards: the record and the reporter of a run, every format of its
 * report, and the merge of 64 shards. CPU time beside the reference kernel of `measure.mjs`.
 * Usage: node bench/reports.mjs [SUITES] (default 10000, of 20 tests each)
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { medianInterval, referenceKernelMs } from './measure.mjs';
import { source } from './source.mjs';

const {
  largeRun,
  reportFormats,
  fileOptions,
  summarise,
  spansOf,
  openRecord,
  recordText,
  readRecord,
  mergeRecords,
} = await source(
  '../__tests__/report/large-run.js',
  'report/formats/index.js',
  'report/formats/format.js',
  'report/summary/summary.js',
  'report/otel/run-span.js',
  'record/file.js',
  'record/line-text.js',
  'record/read.js',
  'shard/merge/records.js',
);
const suites = Number(process.argv[2] ?? 10_000);
const testsOfSuite = 20;
const shards = 64;
const folder = mkdtempSync(join(tmpdir(), 'bench-reports-'));
try {
  const heapBefore = process.memoryUsage().heapUsed;
  const events = largeRun(suites);
  const heapMb = (process.memoryUsage().heapUsed - heapBefore) / 1e6;
  console.log(`${suites} suites, ${events.length} events; CPU ms: the first time, then the median of 5`);

  let path = '';
  const recordMs = measured('record', () => {
    const record = openRecord(folder, new Date());
    for (const event of events) record.write(event);
    record.close();
    path = record.path;
  });
  const summaryMs = measured('summary', () => summarise(events));
  const run = { summary: summarise(events), events };
  const formatMs = Object.fromEntries(
    Object.entries(reportFormats).map(([name, { render }]) => {
      const ms = measured(name, () => render(run, fileOptions()));
      console.log(`  ${(Buffer.byteLength(render(run, fileOptions())) / 1e6).toFixed(2)} MB`);
      return [name, ms];
    }),
  );
  measured('spans', () => spansOf(run));

  const perTestMicroseconds = ((recordMs + summaryMs + formatMs.terminal) * 1000) / (suites * testsOfSuite);
  console.log(`record and reporter: ${perTestMicroseconds.toFixed(1)} µs a test case`);
  console.log(`events kept: at most ${heapMb.toFixed(0)} MB`);
  console.log(`record: ${(statSync(path).size / suites).toFixed(0)} bytes a suite`);

  for (const each of [24, 1500]) {
    const paths = writeShards(each);
    const read = () => paths.map((file) => ({ path: file, events: readRecord(file).events }));
    measured(`merge ${shards} records of ${each} suites`, () => mergeRecords(read()), 1);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * @param {string} name
 * @param {() => void} work
 * @returns {number} Median of the CPU time once it is warm, ms.
 */
function measured(name, work, rounds = 5) {
  const kernelMs = referenceKernelMs();
  const times = Array.from({ length: rounds + 1 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  const [first = Number.NaN, ...warm] = times;
  const { median } = medianInterval(warm);
  console.log(
    `${name.padEnd(32)} ${first.toFixed(0).padStart(6)} ${median.toFixed(0).padStart(6)}   reference kernel ${kernelMs.toFixed(0)} ms`,
  );
  return median;
}

/** Records of one run, each of a machine of its own. @param {number} each Suites of a shard. */
function writeShards(each) {
  const own = mkdtempSync(join(folder, 'shards-'));
  return Array.from({ length: shards }, (_, at) => {
    const events = largeRun(each).map((/** @type {{ type: string }} */ event) =>
      event.type === 'run-started' ? { ...event, index: at + 1, total: shards } : event,
    );
    const path = join(own, `run-${at + 1}.jsonl`);
    writeFileSync(path, recordText(events).replaceAll('packages/', `shard-${at + 1}/`));
    return path;
  });
}
