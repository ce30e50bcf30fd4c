import { FleetConnection } from '../../../src/transport/bullmq/fleet-connection.js';

test('an answer that comes after the machine was given up is told as late, and its call stays lost', async () => {
  const late: unknown[] = [];
  const connection = new FleetConnection({
    session: { id: 'run.1', worker: 'box.1', key: Buffer.alloc(32) },
    nowMs: () => 0,
    transmit: async () => {},
    onNotice() {},
    onBusy() {},
    onOver() {},
    onClosed() {},
  });
  const call = connection.call('task', null, { onLate: (answer) => void late.push(answer) });
  connection.lose('nothing was heard of it');
  await expect(call).rejects.toThrow('nothing was heard of it');
  for (let times = 0; times < 2; times++)
    connection.hear({ kind: 'answer', call: 1, name: 'task', text: '"done"' });
  expect(late).toEqual(['done']);
});
