import { reportFormats } from '../../../src/report/formats/index.js';
import { hostileRun } from './hostile-run.js';

const options = { color: false, width: 100 };
const run = hostileRun();
const formats = Object.entries(reportFormats);

test.each(formats)('%s: names and output by an attacker are shown and not obeyed', (_name, { render }) => {
  const text = render(run, options);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
  expect(text.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)).toBeNull();
  expect(text.match(/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/)).toBeNull();
  // Commands of CI services: GitHub's at the start of a line, the others anywhere in one.
  expect(text.match(/^\s*::/m)).toBeNull();
  expect(text.match(/##(?:\[|vso)/)).toBeNull();
});

test.each(formats.filter(([, { fileName }]) => fileName.endsWith('.json')))(
  '%s: still JSON',
  (_name, { render }) => {
    expect(() => JSON.parse(render(run, options))).not.toThrow();
  },
);
