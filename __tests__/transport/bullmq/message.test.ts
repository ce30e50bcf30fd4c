import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { contentOf, readHeader, seal, unpacked } from '../../../src/transport/bullmq/message.js';

const session = { id: 'run.1', worker: 'worker', key: randomBytes(32) };
const mebibyte = 2 ** 20;

function longMessage(text: string) {
  const { header, body } = seal(
    session,
    'worker',
    { kind: 'answer', call: 1, name: '' },
    contentOf(text),
    1,
    0,
  );
  const read = readHeader(header);
  if (read === undefined || body === undefined) throw new Error('a long text has a body');
  return { header: read, body };
}

test('a long text comes as it was sent', async () => {
  const text = randomBytes(mebibyte).toString('base64');
  const { header, body } = longMessage(text);
  expect(await unpacked(body, header)).toBe(text);
});

test('what somebody has put in its place is not unpacked', async () => {
  const { header } = longMessage('a'.repeat(mebibyte));
  const bomb = gzipSync(Buffer.alloc(256 * mebibyte));
  const before = process.resourceUsage().maxRSS;
  expect(await unpacked(bomb, header)).toBeUndefined();
  const grownMiB = (process.resourceUsage().maxRSS - before) / 1024;
  expect(grownMiB).toBeLessThan(100);
});
