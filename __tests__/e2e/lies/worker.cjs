/**
 * A worker that lies: the real one, some of whose answers are changed on their way. Started as
 * `worker.cjs MAIN ROOT LIE`: our command line's program, the worker's folder, and which of `lies.cjs` it tells.
 */
const { spawn } = require('node:child_process');
const lies = require('./lies.cjs');

const [main, root, name] = process.argv.slice(2);
const lie = lies[name];
const worker = spawn(process.execPath, [main, 'worker', '--stdio', '--root', root], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
worker.on('exit', () => process.exit(0));
worker.stdin.on('error', () => {});
process.stdin.pipe(worker.stdin);

/** What was asked, by id of the message. */
const asked = new Map();
eachMessage(process.stdin, ({ id, method, params }) => {
  if (id !== undefined && method !== undefined) asked.set(id, { method, params });
});

eachMessage(
  worker.stdout,
  (message) => {
    const question = asked.get(message.id);
    if (question === undefined || message.result?.text === undefined) return send(message);
    const { method, params } = question;
    const tell = (name, payload, call) =>
      send({
        jsonrpc: '2.0',
        method: call ? 'event' : 'notice',
        params: { ...(call && { id: params.id }), name, text: JSON.stringify(payload) },
      });
    const answer = (value) => send({ ...message, result: { text: JSON.stringify(value) } });
    const changed = lie(method, JSON.parse(message.result.text), {
      params: JSON.parse(params.text),
      answer,
      notice: (name, payload) => tell(name, payload, false),
      event: (name, payload) => tell(name, payload, true),
    });
    answer(changed);
  },
  (text) => process.stdout.write(text),
);

function send(message) {
  const text = JSON.stringify(message);
  process.stdout.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

/** @param other Gets what comes before the first message. */
function eachMessage(stream, use, other = () => {}) {
  let held = Buffer.alloc(0);
  stream.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (let end = held.indexOf('\r\n\r\n'); end >= 0; end = held.indexOf('\r\n\r\n')) {
      const [before, length] = held.subarray(0, end).toString('utf8').split('Content-Length: ');
      const start = end + 4;
      if (held.length < start + Number.parseInt(length, 10)) return;
      other(before);
      use(JSON.parse(held.subarray(start, start + Number.parseInt(length, 10)).toString('utf8')));
      held = held.subarray(start + Number.parseInt(length, 10));
    }
  });
}
