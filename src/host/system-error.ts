/*
 * Errors of `node:fs` are told by their shape: where these modules run in a realm of their own (a vm context), they
 * are no instances of its `Error`.
 */

/** `ENOENT`, `EEXIST` …; undefined for errors that are not the system's. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return (error as Error | undefined)?.message ?? String(error);
}
