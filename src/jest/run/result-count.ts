import type { Test, TestEvents } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { Happening } from '../../core/events.js';
import { suiteId } from '../suites.js';
import type { Emit } from './delivery.js';

/** Counts the results that Jest is given, which must be one for each suite that it has handed over. */
export class ResultCount {
  readonly #globalConfig: Config.GlobalConfig;
  readonly #counts: Map<string, number>;

  constructor(tests: readonly Test[], globalConfig: Config.GlobalConfig) {
    this.#globalConfig = globalConfig;
    this.#counts = new Map(tests.map((test) => [suiteId(test, globalConfig), 0]));
  }

  /** The same function, which also counts. */
  watched(emit: Emit): Emit {
    return (name, payload) => {
      if (name === 'test-file-success' || name === 'test-file-failure') {
        const [test] = payload as TestEvents['test-file-success' | 'test-file-failure'];
        const id = suiteId(test, this.#globalConfig);
        this.#counts.set(id, 1 + (this.#counts.get(id) ?? 0));
      }
      return emit(name, payload);
    };
  }

  /** @param isCancelled A run that is broken off owes no result. */
  counted(isCancelled: boolean): Extract<Happening, { type: 'results-counted' }> {
    const idsWith = (test: (count: number) => boolean) =>
      [...this.#counts].flatMap(([id, count]) => (test(count) ? [id] : []));
    return {
      type: 'results-counted',
      suites: this.#counts.size,
      none: isCancelled ? [] : idsWith((count) => count === 0),
      several: idsWith((count) => count > 1),
    };
  }
}
