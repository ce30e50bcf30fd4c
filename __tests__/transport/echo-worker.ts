/** A worker for the tests of transports: its handlers, and the program that serves them over standard input and output. */
import type { Call, Handlers } from '../../src/transport/transport.js';

export function echoHandlers(notify: (name: string, payload: unknown) => void): Handlers {
  return {
    echo: async (value: unknown) => value,
    count: async (to: number, { emit }: Call) => {
      for (let each = 1; each <= to; each++) emit('counted', each);
      return to;
    },
    large: async (characters: number) => 'x'.repeat(characters),
    fail: async (message: string) => {
      throw new Error(message);
    },
    wait: (_params: null, { signal }: Call) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve('stopped'), { once: true });
      }),
    tell: async (payload: unknown) => notify('told', payload),
    circle: async () => {
      const circle: Record<string, unknown> = { big: 12n };
      circle['self'] = circle;
      return circle;
    },
    exit: async () => process.exit(3),
  };
}
