import { readRecord } from '../../../src/record/read.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { reportFormats } from '../../../src/report/formats/index.js';
import { hostileRun } from './hostile-run.js';

const options = { color: false, width: 100 };
const records = ['cancelled', 'cpu-only', 'gpu-box', 'killed', 'mixed'];
const formats = Object.entries(reportFormats);

test('no two formats write the same file', () => {
  const names = formats.map(([, { fileName }]) => fileName);
  expect(new Set(names).size).toBe(names.length);
});

test.each(formats)('%s: a report of every record, and of every beginning of one', (_name, { render }) => {
  for (const name of records) {
    const { events } = readRecord(`fixtures/records/${name}.jsonl`);
    for (let length = 0; length <= events.length; length++) {
      const text = render(reportedRun(events.slice(0, length)), options);
      expect(text).not.toMatch(/undefined|NaN|Infinity|\[object |\n$/);
      expect(text).not.toBe('');
    }
  }
});

test.each(formats)('%s: names and output by an attacker are shown and not obeyed', (_name, { render }) => {
  const text = render(hostileRun(), options);
  expect(text).toContain('👩');
  // Escape sequences and other control characters, and those that turn the direction of text.
  expect(text.match(/[^\P{Cc}\n]/u)).toBeNull();
  expect(text.match(/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/)).toBeNull();
  // Commands of CI services: GitHub's at the start of a line, the others anywhere in one.
  expect(text.match(/^\s*::/m)).toBeNull();
  expect(text.match(/##(?:\[|vso)/)).toBeNull();
});

test.each(formats.filter(([, { fileName }]) => fileName.endsWith('.json')))(
  '%s: still JSON with such names',
  (_name, { render }) => {
    expect(() => JSON.parse(render(hostileRun(), options))).not.toThrow();
  },
);
