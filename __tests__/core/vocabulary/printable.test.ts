import fc from 'fast-check';
import { printable, printableJson, printableValue } from '../../../src/core/vocabulary/printable.js';
import { refusalText } from '../../../src/report/text/clauses.js';

test('escape sequences, control and direction characters are gone, a text is one line', () => {
  expect(printable('\u001b[31mRed\u001b[0m\u001b]8;;http://x\u0007 card\r\n\u202eevil\u0000')).toBe(
    'Red card evil ',
  );
});

test('no command of a CI service is left', () => {
  expect(printable('x\n::error file=a::boom')).toBe('x : :error file=a: :boom');
  expect(printable(':::set-output::')).not.toContain('::');
  expect(printable('##vso[task.complete]')).toBe('# #vso[task.complete]');
});

test('JSON says the same to a parser, and nothing to a terminal or a log', () => {
  const value = { model: 'A\u001b[31m\u009b1m ##[error]x ###\n::error::y \u202e' };
  const text = printableJson(value);
  expect(JSON.parse(text)).toEqual(value);
  expect(text).not.toMatch(/##|^\s*::|[^\P{Cc}\n]|\p{Bidi_Control}/mu);
});

test('usual names stay as they are', () => {
  const usual = ['NVIDIA RTX™ 4000 Ada', 'Intel(R) Core(TM) i7 @ 2.60GHz', '0000:01:00.0', 'Kirin 麒麟 9000'];
  expect(usual.map(printable)).toEqual(usual);
});

test('whatever the text, the result has no control character and stays the same when it is done again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = printable(text);
      expect(shown).not.toMatch(/[\p{Cc}]|::|##/u);
      expect(printable(shown)).toBe(shown);
    }),
  );
});

test('values are cleaned in depth and keep their shape', () => {
  expect(printableValue({ a: ['\u001b[1mx', 1, null, undefined], b: { c: true, '\u0007d': '::e' } })).toEqual(
    {
      a: ['x', 1, null, undefined],
      b: { c: true, ' d': ': :e' },
    },
  );
});

describe('a refusal', () => {
  const rejection = { slotId: 'local/cpu', filter: 'class', until: 'never' } as const;
  const noGpu = { ...rejection, reason: 'needs gpu: this machine has cpu' };

  test('of a machine without such a device', () => {
    expect(refusalText([noGpu])).toBe(
      [
        'No device of this run can run this suite:',
        '  needs gpu: this machine has cpu',
        "Run it where such a device is, declare the device in a machine file, or choose unsatisfiable: 'skip' or 'degrade'.",
      ].join('\n'),
    );
  });

  test('of one whose devices are not usable: they are named instead of the others, each remedy once', () => {
    const unusable = (id: string, because: string, remedy: string) => ({
      ...rejection,
      filter: 'unusable',
      reason: `needs gpu: ${id} ${because}`,
      remedy,
    });
    const text = refusalText([
      unusable('gpu0', 'is hidden by CUDA_VISIBLE_DEVICES=-1', 'unset the variable'),
      unusable('gpu1', 'is hidden by CUDA_VISIBLE_DEVICES=-1', 'unset the variable'),
      unusable('gpu2', 'cannot compute: no libcuda.so.1 \u001b[31m', 'install it'),
      noGpu,
    ]);
    expect(text.split('\n')).toEqual([
      'No device of this run can run this suite:',
      '  needs gpu: gpu0 is hidden by CUDA_VISIBLE_DEVICES=-1, gpu1 is hidden by CUDA_VISIBLE_DEVICES=-1, gpu2 cannot compute: no libcuda.so.1 ',
      '  remedy: unset the variable',
      '  remedy: install it',
      expect.stringMatching(/^Or run it where such a device is/),
    ]);
  });
});
