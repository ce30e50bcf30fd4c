import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { readRecord } from '../../src/record/read.js';
import { salvageRecord } from '../../src/record/salvage.js';
import { reportedRun } from '../../src/report/formats/format.js';
import { reportFormats } from '../../src/report/formats/index.js';

const mixedPath = 'fixtures/records/mixed.jsonl';
const mixed = readFileSync(mixedPath, 'utf8');
const whole = readRecord(mixedPath).events;
const lines = mixed.trimEnd().split('\n');
const other = readFileSync('fixtures/records/cpu-only.jsonl', 'utf8').trimEnd().split('\n');

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'salvage-'));
  path = join(directory, 'run.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

function salvaged(content: string | Uint8Array) {
  writeFileSync(path, content);
  return salvageRecord(path);
}

test('a sound record, packed or not, has no damage', () => {
  expect(salvageRecord(mixedPath)).toEqual({ events: whole, damage: [] });
  expect(salvaged(gzipSync(mixed))).toEqual({ events: whole, damage: [] });
});

test.each<[what: string, content: string | Uint8Array]>([
  ['lines that end as on Windows', mixed.replaceAll('\n', '\r\n')],
  ['a mark of byte order', `\ufeff${mixed}`],
  ['UTF-16, as PowerShell writes it', Buffer.from(`\ufeff${mixed}`, 'utf16le')],
  [
    'zeros behind the end of a packed file, as blocks of a tape have',
    Buffer.concat([gzipSync(mixed), Buffer.alloc(512)]),
  ],
  ['two packed parts', Buffer.concat([gzipSync(mixed.slice(0, 300)), gzipSync(mixed.slice(300))])],
])('%s: nothing is lost, so it is no damage, and every command reads it', (_what, content) => {
  expect(salvaged(content)).toEqual({ events: whole, damage: [] });
  expect(readRecord(path).events).toEqual(whole);
});

test('a packed record cut anywhere gives its beginning, and says in which line it ends', () => {
  const packed = gzipSync(mixed);
  fc.assert(
    fc.property(fc.integer({ min: Math.floor(packed.length / 2), max: packed.length - 1 }), (length) => {
      const { events, damage } = salvaged(packed.subarray(0, length));
      expect(events).toEqual(whole.slice(0, events.length));
      expect(damage).toEqual([
        expect.objectContaining({ file: path, line: events.length + 1, found: 'unexpected end of file' }),
      ]);
      expect(() => readRecord(path)).toThrow('The packed record cannot be unpacked to its end.');
    }),
    { numRuns: 20 },
  );
});

test('a packed record with a wrong byte gives what comes before it', () => {
  const packed = gzipSync(mixed, { level: 0 });
  // The length of a stored block.
  packed.fill(0xff, 11, 15);
  expect(() => salvaged(packed)).toThrow(`${path}:1: The packed record cannot be unpacked beyond this line.`);
  const sum = gzipSync(mixed);
  sum[sum.length - 8] = 255 - (sum[sum.length - 8] ?? 0);
  const { events, damage } = salvaged(sum);
  expect(events).toEqual(whole);
  expect(damage).toHaveLength(1);
  // Whether this is refused is for the version of Node.js to say.
  expect(salvaged(Buffer.concat([gzipSync(mixed), Buffer.from('garbage')])).events).toEqual(whole);
});

test('a packed record of which nothing is left', () => {
  expect(() => salvaged(gzipSync(mixed).subarray(0, 5))).toThrow(`${path}:1: The packed record`);
});

test('a cut line, a foreign line and a line of zeros are named, the others are shown', () => {
  const text = [...lines.slice(0, 6), lines[6]?.slice(0, 9), '\0\0\0', '<<<<<<< HEAD', ...lines.slice(7)];
  const { events, damage } = salvaged(`${text.join('\n')}\n{"atMs":9`);
  expect(events).toEqual([...whole.slice(0, 6), ...whole.slice(7)]);
  expect(damage.map(({ line, message }) => `${line} ${message}`)).toEqual([
    '7 The line is not JSON.',
    '8 The line is not JSON.',
    '9 The line is not JSON.',
    `${text.length + 1} The record breaks off in this line.`,
  ]);
});

test('events that several processes wrote into one line are read, and the line is named', () => {
  const [a, b, ...rest] = lines.slice(4);
  const { events, damage } = salvaged([...lines.slice(0, 4), `${a}${b}`, '', ...rest, ''].join('\n'));
  expect(events).toEqual(whole);
  expect(damage.map(({ line, message }) => `${line} ${message}`)).toEqual([
    '5 2 events stand in one line: several processes wrote to the file at once.',
    '6 The line is not JSON.',
  ]);
});

test('of two runs in one file the first is shown', () => {
  const { events, damage } = salvaged([...lines, ...other, ''].join('\n'));
  expect(events).toEqual(whole);
  expect(damage).toEqual([
    expect.objectContaining({
      line: lines.length + 1,
      message: 'A second run begins here; a record holds one run.',
      found: `${other.length} lines from here on, which are left out`,
    }),
  ]);
});

test('a newer version is shown as far as it is understood', () => {
  const newer = mixed.replace('"version":1', '"version":2').replace('"type":"run-opened"', '"type":"opened"');
  const { events, damage } = salvaged(newer);
  expect(events).toEqual(whole.filter(({ type }) => type !== 'run-opened'));
  expect(damage.map(({ line, remedy }) => [line, remedy])).toEqual([
    [1, 'Upgrade jest-runner-hardware: a newer one wrote this record.'],
    [expect.any(Number), 'If a newer jest-runner-hardware wrote this record, upgrade.'],
  ]);
});

test.each([
  ['nothing', ''],
  ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n'],
  ['other JSON lines', '{"level":30,"msg":"hi"}\n{"level":30}\n'],
  ['a page', '<!doctype html>\n<title>Not found</title>\n'],
])('%s is no record', (_what, text) => {
  expect(() => salvaged(text)).toThrow(UsageError);
  expect(() => salvaged(text)).toThrow(`${path}:1: The file does not begin as a record does.`);
});

test('many damaged lines are counted', () => {
  const { damage } = salvaged(`${mixed}${'x\n'.repeat(1000)}`);
  expect(damage).toHaveLength(6);
  expect(damage.at(-1)?.message).toBe('995 more such places.');
});

test('whatever lines are missing or twice, every format shows the rest', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('mixed', 'gpu-box', 'cancelled'),
      fc.infiniteStream(fc.nat(9)),
      (name, chance) => {
        const [first = '', ...rest] = readFileSync(`fixtures/records/${name}.jsonl`, 'utf8')
          .trimEnd()
          .split('\n');
        const kept = rest.flatMap((line) => {
          const { value } = chance.next();
          return value === 0 ? [] : value === 1 ? [line, line] : value === 2 ? [line.slice(0, 20)] : [line];
        });
        const { events } = salvaged([first, ...kept, ''].join('\n'));
        const run = reportedRun(events);
        for (const { render } of Object.values(reportFormats)) {
          expect(render(run, { color: false, width: 80 })).not.toMatch(/undefined|NaN|Infinity/);
        }
      },
    ),
    { numRuns: 30 },
  );
});
