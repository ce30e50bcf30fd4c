import type { Screen } from './text/screen.js';

/** A command of `jest-runner-hardware`. Its name is its key in the table of commands. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** What arguments without a flag mean; left out: the command takes none. */
  readonly words?: { readonly value: string; readonly summary: string };
  /** Called once, with checked flags. Writes results to `io.out`, throws failures. @returns The exit code; nothing for 0. */
  run(flags: FlagValues, io: CommandIo): Promise<void> | Promise<number>;
}

export interface Flag {
  readonly summary: string;
  /** Name of the value in the help, such as `FILE`; left out for a switch, which takes none. */
  readonly value?: string;
  /** A flag with a value that may be left out; a value stands behind `=`, because a word behind it is none. */
  readonly isValueOptional?: true;
}

export interface FlagValues {
  /** Whether a switch is set. */
  has(name: string): boolean;
  /** The value of a flag that takes one. */
  get(name: string): string | undefined;
  /** Arguments without a flag, in order. */
  readonly words: readonly string[];
}

/** What a command sees of the process around it. */
export interface CommandIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: 80 columns without colours. */
  readonly screen?: Screen;
  /** Asks the person at the terminal; left out where there is none. @returns Whether the answer is yes. */
  confirm?(question: string): Promise<boolean>;
  /** Writes a result to standard output. */
  out(text: string): void;
  /** Writes an error to standard error. */
  err(text: string): void;
}
