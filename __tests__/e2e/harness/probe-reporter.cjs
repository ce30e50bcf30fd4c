'use strict';
// Writes everything a reporter is told to the file in E2E_PROBE: one JSON line each event, the whole results last.
const { appendFileSync } = require('node:fs');

const file = process.env.E2E_PROBE;

class ProbeReporter {
  onRunStart(results, { estimatedTime, showStatus }) {
    write({ type: 'run-start', total: results.numTotalTestSuites, estimatedTime, showStatus });
  }

  onTestFileStart(test) {
    write({ type: 'file-start', file: test.path });
  }

  onTestCaseStart(test, info) {
    write({ type: 'case-start', file: test.path, name: info.fullName });
  }

  onTestCaseResult(test, result) {
    write({ type: 'case-result', file: test.path, name: result.fullName, status: result.status });
  }

  // The whole result: console and coverage are taken out of it once reporters have seen it.
  onTestFileResult(test, result) {
    write({ type: 'file-result', file: test.path, result });
  }

  onRunComplete(contexts, results) {
    const coverageMap = results.coverageMap?.toJSON?.() ?? null;
    write({ type: 'run-complete', contexts: contexts.size, results: { ...results, coverageMap } });
  }

  getLastError() {}
}

module.exports = ProbeReporter;

function write(event) {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(plain(event))}\n`);
}

/** Like JSON, but keeps what JSON drops or refuses: BigInt, circles, NaN, getters that throw. */
function plain(value, parents = []) {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (value === null || typeof value !== 'object') return value;
  if (parents.includes(value)) return '[Circular]';
  if (typeof value.toJSON === 'function') return plain(value.toJSON(), parents);
  const inner = [...parents, value];
  if (Array.isArray(value)) return value.map((item) => plain(item, inner));
  return Object.fromEntries(Object.keys(value).map((key) => [key, plain(readFrom(value, key), inner)]));
}

function readFrom(object, key) {
  try {
    return object[key];
  } catch {
    return '[Throws]';
  }
}
