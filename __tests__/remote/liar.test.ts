/** What another machine answers is checked: it runs what it is sent, and no more is taken from it than that. */
import { PassThrough } from 'node:stream';
import { RemoteMachine } from '../../src/remote/remote-machine.js';
import { Channel } from '../../src/transport/channel.js';
import { inProcess } from '../../src/transport/in-process.js';
import { partCharacters } from '../../src/transport/text-of.js';
import type { Connection, Handlers } from '../../src/transport/transport.js';

function machineOf(handlers: Handlers): RemoteMachine {
  const tree = { treeId: 'a'.repeat(40), commitId: '', root: '/here', prefix: '', included: [], leftOut: 0 };
  return new RemoteMachine({
    transport: inProcess('liar', () => ({
      ping: async () => null,
      cache: async () => ({ hasTree: true }),
      ...handlers,
    })),
    detect: { classes: [], lazy: [] },
    tree: Promise.resolve({ ...tree, gitDirectory: '', retake: () => Promise.reject(new Error('unused')) }),
    prepare: { env: {} },
    program: () => {
      throw new Error('its program is started');
    },
    onNotice() {},
    onLead() {},
  });
}

const machine = { machine: { name: 'liar', cpuBudget: 1, memoryBudgetBytes: 1 }, devices: [], problems: [] };

test.each(['', '/', '.', '../x', 'checkout', '/x/', null, 7])(
  'a checkout at %j is none: all paths below it would be read as paths here',
  async (root) => {
    const liar = machineOf({ detect: async () => machine, prepare: async () => ({ root, hasSetUp: false }) });
    await expect(liar.join(new AbortController().signal)).rejects.toThrow('no absolute path of a folder');
    await liar.leave(false);
  },
);

test('one at a folder is taken', async () => {
  const honest = machineOf({
    detect: async () => machine,
    prepare: async () => ({ root: '/home/x', hasSetUp: false }),
  });
  await expect(honest.join(new AbortController().signal)).rejects.toThrow('its program is started');
  await honest.leave(false);
});

/** A connection to somebody who writes bytes of their own. */
function raw(): { readonly connection: Connection; say(text: string): void; message(value: object): void } {
  const back = new PassThrough();
  const output = new PassThrough();
  output.resume();
  const connection = new Channel({ input: back, output, handlers: {} });
  const say = (text: string) => {
    if (!back.destroyed) back.write(text);
  };
  return {
    connection,
    say,
    message(value) {
      const text = JSON.stringify(value);
      say(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    },
  };
}

test('a message that never ends is not kept', async () => {
  const { connection, say } = raw();
  say('Content-Length: 1073741824\r\n\r\n');
  const chunk = 'x'.repeat(1024 * 1024);
  for (let each = 0; each < 70; each++) say(chunk);
  expect(await connection.lost).toBe('it sent more than 64 MiB in one message');
});

test('an answer that never ends is not kept', async () => {
  const { connection, message } = raw();
  connection.call('large', null).catch(() => {});
  const part = 'x'.repeat(partCharacters * 256);
  for (let each = 0; each < 17; each++) {
    message({ jsonrpc: '2.0', method: 'part', params: { id: 1, part } });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await connection.lost).toBe('it sent an answer that is too large');
});

test.each([
  ['no message at all', 'hello\r\n\r\nworld'],
  ['a message that is no JSON', 'Content-Length: 3\r\n\r\nabc'],
  ['a length that is none', 'Content-Length: many\r\n\r\n{}'],
])('%s ends the connection', async (_name, text) => {
  const { connection, say } = raw();
  say(text);
  expect(await connection.lost).toContain('what it sent cannot be read');
});

test('messages that nobody expects change nothing', async () => {
  const { connection, message } = raw();
  const odd = [
    null,
    {},
    { id: 99 },
    { id: 99, text: '{' },
    { id: 99, part: 'x' },
    { name: 'x', text: 'no JSON' },
  ];
  for (const method of ['event', 'part', 'notice', 'stop', 'beat', 'other']) {
    for (const params of odd) message({ jsonrpc: '2.0', method, params });
  }
  message({ jsonrpc: '2.0', id: 99, result: { text: '1' } });
  const answer = connection.call('echo', null);
  message({ jsonrpc: '2.0', id: 0, result: { text: '"here"' } });
  expect(await answer).toBe('here');
  await connection.close();
});
