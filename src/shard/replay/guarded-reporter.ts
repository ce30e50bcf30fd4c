import type { Reporter } from '@jest/reporters';

type Hook = Exclude<keyof Reporter, 'getLastError'>;

/** One reporter, apart from the others: what it throws is kept, and the next call comes all the same. */
export class GuardedReporter {
  readonly #name: string;
  readonly #reporter: Reporter;
  readonly #problems = new Set<string>();

  constructor(name: string, reporter: Reporter) {
    this.#name = name;
    this.#reporter = reporter;
  }

  /**
   * Calls the first of the hooks that the reporter has, and waits for it.
   * @param hooks Several names of one thing, the newer first.
   */
  async call(hooks: readonly Hook[], ...values: readonly unknown[]): Promise<void> {
    const hook = hooks.find((name) => this.#reporter[name] !== undefined);
    if (hook === undefined) return;
    try {
      await Reflect.apply(this.#reporter[hook] as CallableFunction, this.#reporter, values);
    } catch (error) {
      this.#problems.add(`reporter ${this.#name} threw in ${hook}: ${errorText(error)}`);
    }
  }

  /** What failed in it, each once. Its own last error counts too, as in Jest. */
  problems(): readonly string[] {
    try {
      const error: unknown = this.#reporter.getLastError?.();
      if (error) this.#problems.add(`reporter ${this.#name}: ${messageOf(error)}`);
    } catch (error) {
      this.#problems.add(`reporter ${this.#name} threw in getLastError: ${errorText(error)}`);
    }
    return [...this.#problems];
  }
}

/** With the place where it was thrown. */
export function errorText(error: unknown): string {
  return (error instanceof Error && error.stack) || messageOf(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
