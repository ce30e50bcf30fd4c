import { IdleJudge } from '../../src/remote/idle-watch.js';

/** Looks of 2 s each. @param used CPU threads that others use meanwhile. @returns Whether the machine was idle after each. */
function judged(used: readonly number[], { threads = 0.5, afterMs = 4000 } = {}): readonly boolean[] {
  const judge = new IdleJudge({ threads, afterMs });
  return used.map((each) => {
    judge.note(each * 2000, 2000);
    return judge.isIdle;
  });
}

test('a machine is in use until it was seen to be idle for long enough', () => {
  expect(judged([0, 0, 0, 0, 0])).toEqual([false, false, false, true, true]);
  expect(judged(Array(10).fill(0.5))).not.toContain(true);
});

test('whoever comes back has it at once, and for a while after the last work', () => {
  const idle = [0, 0, 0, 0];
  expect(judged([...idle, 2, 0, 0, 0, 0, 0]).slice(4)).toEqual([false, false, false, false, true, true]);
});

test('a moment of work changes nothing, nor does work that goes on below the limit', () => {
  expect(judged([0, 0, 0, 0, 1.4, 0, 0, 0.4, 0.4, 0.4, 0.4]).slice(3)).not.toContain(false);
});

test('looks that come late count for the time that they cover', () => {
  const judge = new IdleJudge({ threads: 0.5, afterMs: 60_000 });
  judge.note(100, 60_000);
  expect(judge.isIdle).toBe(true);
  judge.note(40_000, 60_000);
  expect(judge.isIdle).toBe(false);
});
