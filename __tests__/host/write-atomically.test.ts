import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { writeAtomically } from '../../src/host/write-atomically.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'write-atomically-'));
  file = join(folder, 'file');
  writeFileSync(file, 'old');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the new content takes the place of the old, and nothing else is left behind', () => {
  writeAtomically(file, 'new');
  writeAtomically(join(folder, 'bytes'), new Uint8Array([1, 2]));
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect([...readFileSync(join(folder, 'bytes'))]).toEqual([1, 2]);
  expect(readdirSync(folder)).toEqual(['bytes', 'file']);
});

test('where it cannot be put in its place, the error of the system comes and the draft goes', () => {
  mkdirSync(join(folder, 'full', 'of'), { recursive: true });
  expect(() => writeAtomically(join(folder, 'full'), 'new')).toThrow(/EISDIR|EPERM|ENOTEMPTY|EEXIST/);
  expect(() => writeAtomically(join(file, 'below'), 'new')).toThrow(/ENOTDIR|ENOENT/);
  expect(readdirSync(folder)).toEqual(['file', 'full']);
});

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('the mode is that of the new file, whatever the old one had', () => {
  chmodSync(file, 0o644);
  writeAtomically(file, 'new', 0o600);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

onPosix('a disk that takes only a part of the content leaves the old one', () => {
  const { outputFiles } = buildSync({
    stdin: {
      contents: `import { writeAtomically } from './src/host/write-atomically.ts';
        try { writeAtomically(${JSON.stringify(file)}, 'x'.repeat(200 * 1024)); console.log('written'); }
        catch ({ code }) { console.log(code); }`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  const script = join(folder, 'script.cjs');
  writeFileSync(script, outputFiles[0]?.text ?? '');
  // Files of at most 64 blocks: the system takes that many bytes and then no more, as a full disk does.
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -f 64; exec "$0" "$1"', process.execPath, script], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('EFBIG\n');
  expect(readFileSync(file, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['file', 'script.cjs']);
});
