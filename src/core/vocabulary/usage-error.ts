import { printableLines } from './printable.js';

/** What the user wrote, where it stands, and what to write instead. */
export interface UsageProblem {
  /** File the mistake is in, as the user knows it; left out for the command line and inline options. */
  readonly file?: string;
  /** 1-based line in `file`. */
  readonly line?: number;
  /** One sentence: what is wrong, with what was found. */
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  readonly remedy?: string;
}

/**
 * The one error for input a user can correct: docblocks, options, machine files, records, flags.
 * Its message is complete for a terminal; everything else that is thrown is a bug or the system's.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly problems: readonly UsageProblem[];

  constructor(problems: UsageProblem | readonly UsageProblem[], options?: ErrorOptions) {
    const list = 'message' in problems ? [problems] : problems;
    super(list.map(formatProblem).join('\n'), options);
    this.problems = list;
    // Jest prints stacks: where our code noticed it helps nobody.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/**
 * `file:line: message`, then one indented line each for expected, found and remedy. What they quote from outside (a file's
 * content, its name) does nothing to the terminal or the log that shows it.
 */
export function formatProblem(problem: UsageProblem): string {
  const { file, line, message, expected, found, remedy } = problem;
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
  const details = [
    expected === undefined ? '' : `\n  expected: ${expected}`,
    found === undefined ? '' : `\n  found:    ${found}`,
    remedy === undefined ? '' : `\n  remedy:   ${remedy}`,
  ];
  return printableLines(`${place}${message}${details.join('')}`);
}
