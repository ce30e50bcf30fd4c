/** What another machine answers is checked: it runs what it is sent, and no more is taken from it than that. */
import { PassThrough } from 'node:stream';
import { ask } from '../../src/remote/ask.js';
import type { StartParams } from '../../src/remote/protocol.js';
import { RemoteMachine } from '../../src/remote/remote-machine.js';
import { Channel } from '../../src/transport/channel.js';
import { inProcess } from '../../src/transport/in-process.js';
import { partCharacters } from '../../src/transport/text-of.js';
import type { Connection, Handlers } from '../../src/transport/transport.js';

type Notify = (name: string, payload: unknown) => void;

interface Lies {
  /** Of the program that it is to start; left out: it is not to start any. */
  readonly program?: StartParams;
  onNotice?(name: string): void;
}

/** A machine whose worker answers by these handlers, and otherwise as it should. */
function machineOf(handlers: (notify: Notify) => Handlers, { program, onNotice }: Lies = {}): RemoteMachine {
  const tree = { treeId: 'a'.repeat(40), commitId: '', root: '/here', prefix: '', included: [], leftOut: 0 };
  return new RemoteMachine({
    transport: inProcess('liar', (notify) => ({
      detect: async () => machine,
      ping: async () => null,
      cache: async () => ({ hasTree: true, repository: '/home/x/objects.git' }),
      prepare: async () => ({ root: '/home/x', hasSetUp: false }),
      start: async () => null,
      ...handlers(notify),
    })),
    detect: { classes: [], lazy: [] },
    tree: Promise.resolve({ ...tree, gitDirectory: '', retake: () => Promise.reject(new Error('unused')) }),
    prepare: { env: {} },
    program: () => {
      if (program === undefined) throw new Error('its program is started');
      return program;
    },
    onNotice: ({ name }) => onNotice?.(name),
    onLead() {},
  });
}

const cpu = {
  id: 'cpu',
  class: 'cpu',
  usable: true,
  software: false,
  backends: [],
  precisions: [],
  features: [],
  evidence: {},
};
const machine = {
  version: 1,
  machine: { name: 'liar', platform: 'linux', arch: 'x64', cpuBudget: 1, memoryBudgetBytes: 1e9 },
  devices: [cpu],
  problems: [],
};
const program: StartParams = {
  directory: '',
  nodeArgs: [],
  module: 'jest',
  args: [],
  env: {},
  setup: null,
  lazy: false,
};

/** One that answers as it should, and what lets it tell something. */
function tellerOf(onNotice?: (name: string) => void) {
  let tell: Notify = () => {};
  const liar = machineOf(
    (notify) => {
      tell = notify;
      return {};
    },
    { program, ...(onNotice && { onNotice }) },
  );
  return { liar, tell: (name: string, payload: unknown) => tell(name, payload) };
}

const unaborted = new AbortController().signal;

test.each(['', '/', '.', '../x', 'checkout', '/x/', null, 7])(
  'a checkout at %j is none: all paths below it would be read as paths here',
  async (root) => {
    const liar = machineOf(() => ({ prepare: async () => ({ root, hasSetUp: false }) }));
    await expect(liar.join(unaborted)).rejects.toThrow('expected an absolute path of a folder');
    await liar.leave(false);
  },
);

test('one at a folder is taken', async () => {
  const honest = machineOf(() => ({}));
  await expect(honest.join(unaborted)).rejects.toThrow('its program is started');
  await honest.leave(false);
});

test.each<[string, string, unknown, string]>([
  ['no machine', 'detect', { devices: [] }, 'what it detected is no machine'],
  [
    'a machine of another name',
    'detect',
    { ...machine, machine: { ...machine.machine, name: 'other' } },
    'machine.name is "other", expected liar',
  ],
  ['nothing of its cache', 'cache', null, 'its answer to `cache` cannot be used: it is null'],
  ['a cache that is somewhere', 'cache', { hasTree: false, repository: '-x' }, 'repository is "-x"'],
  ['a checkout that is a text', 'prepare', 'done', 'its answer to `prepare` cannot be used: it is "done"'],
])('who answers %s cannot take part', async (_name, method, answer, problem) => {
  const liar = machineOf(() => ({ [method]: async () => answer }));
  await expect(liar.join(unaborted)).rejects.toThrow(problem);
  await liar.leave(false);
});

test.each<[string, string, unknown, string]>([
  ['output of no stream', 'output', { stream: 'exit', text: 'x' }, 'stream is "exit"'],
  ['output that is no text', 'output', { stream: 'stdout', text: 7 }, 'text is 7, expected a text'],
  ['more output than a pipe holds', 'output', { stream: 'stdout', text: 'x'.repeat(2e6) }, 'text is "xxx'],
  ['an end that is no text', 'ended', { because: 1 }, 'what it told as `ended` cannot be used'],
  ['progress that is none', 'progress', null, 'what it told as `progress` cannot be used'],
])('who tells %s is lost', async (_name, name, payload, problem) => {
  const heard: string[] = [];
  const { liar, tell } = tellerOf((name) => heard.push(name));
  await liar.join(unaborted);
  tell(name, payload);
  expect(await liar.lost).toContain(problem);
  expect(heard).toEqual([]);
});

test('notices of other names are not heard, and one that cannot be meant loses the machine', async () => {
  const { liar, tell } = tellerOf(() => {
    throw new Error('that was no setup');
  });
  await liar.join(unaborted);
  tell('constructor', null);
  tell('news', 'of another version');
  tell('ready', { configs: 7 });
  expect(await liar.lost).toBe('that was no setup');
});

test('a long last word is cut', async () => {
  const { liar, tell } = tellerOf();
  await liar.join(unaborted);
  tell('ended', 'x'.repeat(1e6));
  expect((await liar.lost).length).toBeLessThan(20_000);
});

test.each<[string, unknown, string]>([
  ['nothing', null, 'its answer to `run` cannot be used: it is null'],
  [
    'that it may have started',
    { started: 'maybe' },
    'its answer to `run` cannot be used: started is "maybe"',
  ],
  ['that it gave back what nobody wanted back', { started: false }, 'gave back what nobody took back'],
])('a task of which is answered %s has failed', async (_name, answer, problem) => {
  const liar = machineOf(() => ({ run: async () => answer }), { program });
  await liar.join(unaborted);
  await expect(liar.run(null, { queue: 'gpu0' })).rejects.toThrow(problem);
  await liar.leave(false);
});

test.each<[keyof typeof examined, unknown]>([
  ['nodeVersion', 'new'],
  ['gitVersion', 'git'],
  ['directory', '..'],
  ['freeMemoryBytes', -1],
  ['trees', ['--output=/home/me/.bashrc']],
])('%s of a machine that is tested is not %j', async (name, value) => {
  const answers = { examine: async () => ({ ...examined, [name]: value }) };
  const transport = inProcess('liar', () => answers);
  const connection = await transport.connect({ onNotice() {} }, unaborted);
  await expect(ask(connection, 'examine', {})).rejects.toThrow(`cannot be used: ${name}`);
  answers.examine = async () => examined;
  expect(await ask(connection, 'examine', {})).toEqual(examined);
  await connection.close();
});

const examined = {
  nodeVersion: 'v22.11.0',
  platform: 'linux',
  arch: 'x64',
  gitVersion: '2.39.5',
  directory: '/home/x',
  freeMemoryBytes: 1e9,
  epochMs: 1e12,
  trees: ['a'.repeat(40)],
};

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

test.each([null, 7, 'text', {}, { text: 7 }, { parts: 'x' }, { failure: {} }])(
  'an answer that is %j fails its call, and nothing else',
  async (result) => {
    const { connection, message } = raw();
    const answer = connection.call('echo', null);
    message({ jsonrpc: '2.0', id: 0, result });
    await expect(answer).rejects.toThrow('what it answered cannot be read');
    const next = connection.call('echo', null);
    message({ jsonrpc: '2.0', id: 1, result: { text: '"here"' } });
    expect(await next).toBe('here');
    await connection.close();
  },
);
