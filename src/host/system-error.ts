/*
 * Errors of `node:fs` are told by their shape: where these modules run in a realm of their own (a vm context), they
 * are no instances of its `Error`.
 */

/** `ENOENT`, `EEXIST` …; undefined for errors that are not the system's. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/**
 * Whether a disk has no room left, or its user no more of it; also for an error with such a cause. Linux says `ENOSPC` of too many
 * watched files, too.
 */
export function isDiskFull(error: unknown): boolean {
  const { cause, syscall } = (error ?? {}) as { readonly cause?: unknown; readonly syscall?: string };
  if (cause !== undefined) return isDiskFull(cause);
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '') && !/watch/.test(syscall ?? '');
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return (error as Error | undefined)?.message ?? String(error);
}
