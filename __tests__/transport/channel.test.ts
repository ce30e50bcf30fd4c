import { PassThrough } from 'node:stream';
import { Channel } from '../../src/transport/channel.js';

const handlers = { echo: async (value: unknown) => value };

/** A coordinator and its worker, which ends what it runs when it has heard nothing for half a second. */
function pair(busySeconds?: number) {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const coordinator = new Channel({
    input: back,
    output: there,
    handlers,
    ...(busySeconds !== undefined && { busySeconds }),
  });
  const worker = new Channel({ input: there, output: back, handlers, silenceSeconds: 0.5 });
  /** What the coordinator says stays with it, as that of a process which is busy. */
  const keepBusy = () => void there.pause();
  const goOn = () => void there.resume();
  return { coordinator, worker, keepBusy, goOn };
}

test('a coordinator that may be busy is waited for, and one that may not is not', async () => {
  const patient = pair(12);
  const strict = pair();
  // Each worker has heard by then what its coordinator says of itself.
  await Promise.all([patient, strict].map(({ coordinator }) => coordinator.call('echo', 1)));
  for (const { keepBusy } of [patient, strict]) keepBusy();
  const lost = await Promise.race([
    strict.worker.lost,
    patient.worker.lost.then(() => 'the patient one gave up first'),
  ]);
  expect(lost).toBe('nothing was heard of it for 0.5 s');
  patient.goOn();
  expect(await patient.coordinator.call('echo', 2)).toBe(2);
  for (const { coordinator, worker } of [patient, strict]) {
    coordinator.abandon();
    worker.abandon();
  }
});
