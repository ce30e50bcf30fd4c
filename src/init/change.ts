/** One file that is to be written. */
export interface Change {
  /** Absolute path. */
  readonly path: string;
  /** The path as the user knows it. */
  readonly file: string;
  /** Undefined: there is no such file yet. */
  readonly before: string | undefined;
  readonly after: string;
}
