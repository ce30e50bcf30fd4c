import { textOf, valueFrom } from '../../src/transport/text-of.js';

class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

test('what a test may leave in its result comes back', () => {
  const cyclic: Record<string, unknown> = {
    big: 1n,
    zero: -0,
    date: new Date(0),
    pattern: /a/g,
    bytes: new Uint8Array([1, 2]),
    map: new Map([[1, new Set(['a'])]]),
    range: new RangeError('range'),
    assertion: new AssertionError('own'),
  };
  cyclic['self'] = cyclic;
  const back = valueFrom(textOf(cyclic)) as typeof cyclic;
  expect(back['self']).toBe(back);
  expect(back).toMatchObject({
    big: 1n,
    zero: -0,
    date: new Date(0),
    pattern: /a/g,
    bytes: new Uint8Array([1, 2]),
  });
  expect(back['map']).toEqual(new Map([[1, new Set(['a'])]]));
  expect(back['range']).toBeInstanceOf(RangeError);
  expect(back['assertion']).toEqual(new Error('own'));
});

test('a text makes nothing but data: no class and no function of this process is called by it', () => {
  const called: unknown[] = [];
  const traps = globalThis as Record<string, unknown>;
  traps['trap'] = function Trap(this: unknown, given: unknown) {
    called.push(given);
  };
  try {
    for (const name of [
      'trap',
      'fetch',
      'WebSocket',
      'Function',
      'Proxy',
      'URL',
      'toString',
      '__proto__',
      null,
      99,
      {},
    ])
      expect(() => valueFrom(`!${JSON.stringify([[name, 'ws://127.0.0.1:1']])}`)).toThrow();
    const error = valueFrom(`!${JSON.stringify([[7, { name: 'trap', message: 'm' }]])}`);
    expect(error).toEqual(new Error('m'));
    for (const text of ['!{}', '!1', '![1]', '![[]]', '!']) expect(() => valueFrom(text)).toThrow();
    expect(called).toEqual([]);
  } finally {
    delete traps['trap'];
  }
});
