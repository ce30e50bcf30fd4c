/** A machine or a run in a process of its own. Its parent says what to do by messages, and hears lines. */
import { startMachine, startRun } from './fleet-parts.js';

const { ROLE: role, URL: url = '' } = process.env;
const say = (line: string) => void process.send?.(line);

if (role === 'machine') {
  const machine = await startMachine(url, say);
  process.on('message', (id) => machine.release(String(id)));
} else {
  const run = await startRun(url, say);
  let told = 0;
  process.on('message', async (id) => {
    const connection = await run.connect(++told);
    void connection.lost.then((reason) => say(`lost: ${reason}`));
    connection.call('hold', id).then(
      (answer) => say(`answer: ${answer}`),
      (error: Error) => say(`${error.name}: ${error.message}`),
    );
  });
}
say('ready');
