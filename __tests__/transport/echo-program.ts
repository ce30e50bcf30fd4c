import { Channel } from '../../src/transport/channel.js';
import { mark } from '../../src/transport/ssh/start-script.js';
import { echoHandlers } from './echo-worker.js';

process.stdout.write(`\n${mark} worker 1\n`);
process.stderr.write('a word on stderr\n');
const channel: Channel = new Channel({
  input: process.stdin,
  output: process.stdout,
  handlers: echoHandlers((name, payload) => channel.notify(name, payload)),
  silenceSeconds: 10,
});
void channel.lost.then(() => process.exit(0));
