import type { Screen } from './text/screen.js';

/** One command of `jest-runner-hardware`: what it is called is its key in the table of commands. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** What words beside the flags stand for; left out: there may be none. */
  readonly words?: { readonly value: string; readonly summary: string };
  /** Called once with checked flags. Results go to `io.out`; failures are thrown. @returns The exit code if it is not 0. */
  run(flags: FlagValues, io: CommandIo): Promise<void> | Promise<number>;
}

export interface Flag {
  readonly summary: string;
  /** What the value stands for in the help, such as `FILE`; left out for a switch. */
  readonly value?: string;
}

export interface FlagValues {
  /** Whether a switch is set. */
  has(name: string): boolean;
  /** The value of a flag that takes one. */
  get(name: string): string | undefined;
  /** Words beside the flags, in order. */
  readonly words: readonly string[];
}

/** What a command sees of the outside. */
export interface CommandIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Left out: 80 columns without colours. */
  readonly screen?: Screen;
  /** Writes a result to standard output. */
  out(text: string): void;
  /** Writes an error to standard error. */
  err(text: string): void;
}
