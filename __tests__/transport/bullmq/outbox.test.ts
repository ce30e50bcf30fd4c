import { jest } from '@jest/globals';
import fc from 'fast-check';
import { Inbox } from '../../../src/transport/bullmq/inbox.js';
import { isProved, type Message, readHeader, type Session } from '../../../src/transport/bullmq/message.js';
import { Outbox, type OutboxOptions } from '../../../src/transport/bullmq/outbox.js';

const session: Session = { id: 'run.1', worker: 'box.1', key: Buffer.alloc(32, 1) };
const noted = (text: string): Message => ({ kind: 'notice', call: 0, name: 'noted', text });
const outboxOf = (options: Partial<OutboxOptions>) =>
  new Outbox({
    session,
    side: 'worker',
    nowMs: () => 1_000_000,
    transmit: async () => {},
    onFull: () => {},
    ...options,
  });

/** What may happen to a message on its way. */
const fates = [
  'arrives',
  'is lost',
  'comes twice',
  'comes after the next',
  'is lost, which is told',
] as const;

test('whatever a channel loses, doubles and reorders, all arrives once and in order', async () => {
  const fate = fc.constantFrom(...fates);
  const property = fc.asyncProperty(
    fc.array(fc.string(), { maxLength: 40 }),
    fc.infiniteStream(fate),
    fc.infiniteStream(fc.boolean()),
    fc.integer({ min: 600, max: 4000 }),
    async (texts, ways, echoes, windowBytes) => {
      jest.useFakeTimers({ now: 0 });
      const inbox = new Inbox<string>();
      const heard: string[] = [];
      const early: string[] = [];
      const receive = (text: string) => {
        const header = readHeader(text);
        if (header === undefined || !isProved(header, session, 'worker', 1_000_000)) throw new Error(text);
        heard.push(...inbox.take(header.sequence, header.text ?? ''));
      };
      let isOver = false;
      const outbox = outboxOf({
        windowBytes,
        async transmit(_sequence, { header }) {
          const way = isOver ? 'arrives' : ways.next().value;
          if (way === 'is lost, which is told') throw new Error('lost');
          if (way === 'comes after the next') early.push(header);
          if (way === 'arrives' || way === 'comes twice') receive(header);
          if (way === 'comes twice') receive(header);
          if (way !== 'comes after the next') for (const each of early.splice(0)) receive(each);
        },
      });
      const beat = async () => {
        await jest.advanceTimersByTimeAsync(13_000);
        if (isOver || echoes.next().value) outbox.acknowledge(inbox.received);
        outbox.resend();
      };
      for (const [index, text] of texts.entries()) {
        outbox.send(noted(text));
        if (index % 5 === 0) await beat();
      }
      for (let count = 0; count < 5; count++) await beat();
      isOver = true;
      for (let count = 0; heard.length < texts.length && count < texts.length + 5; count++) await beat();
      expect(heard).toEqual(texts);
    },
  );
  try {
    await fc.assert(property, { numRuns: 200 });
  } finally {
    jest.useRealTimers();
  }
});

test('what lies on the broker at once is limited, and one that is larger goes alone', () => {
  const sent: number[] = [];
  const outbox = outboxOf({
    windowBytes: 10_000,
    transmit: async (sequence) => void sent.push(sequence),
  });
  for (const size of [4000, 4000, 4000, 20_000, 10]) outbox.send(noted('x'.repeat(size)));
  expect(sent).toEqual([1, 2]);
  // Nobody can have received what was not sent.
  outbox.acknowledge(5);
  expect(sent).toEqual([1, 2, 3]);
  outbox.acknowledge(3);
  expect(sent).toEqual([1, 2, 3, 4]);
  outbox.acknowledge(4);
  expect(sent).toEqual([1, 2, 3, 4, 5]);
});

test('what is kept for a side that reads nothing is limited', () => {
  let full = 0;
  let sent = 0;
  const outbox = outboxOf({
    windowBytes: 10_000,
    mostBytes: 50_000,
    transmit: async () => void sent++,
    onFull: () => void full++,
  });
  for (let count = 0; count < 100; count++) outbox.send(noted('x'.repeat(4000)));
  expect(full).toBe(1);
  expect(sent).toBe(2);
  outbox.acknowledge(2);
  outbox.resend();
  expect(sent).toBe(2);
});

test('what comes again and again takes no room from what is still to come', () => {
  const inbox = new Inbox<number>();
  const taken: number[] = [];
  for (let sequence = 1; sequence <= 12_000; sequence++)
    for (const again of [sequence, sequence]) taken.push(...inbox.take(again, again));
  for (let sequence = 1; sequence <= 12_000; sequence++) taken.push(...inbox.take(sequence, -1));
  taken.push(...inbox.take(12_001, 12_001));
  expect(taken).toEqual(Array.from({ length: 12_001 }, (_, index) => index + 1));
});
