import { appendFileSync, statSync } from 'node:fs';

/** GitHub refuses the whole summary of a step above 1 MiB. */
const mostBytes = 1024 * 1024;

const leftOut = '\n\nThe rest is left out: GitHub shows 1 MiB of a step.\n';

/**
 * Appends a report to the summary of a step of GitHub Actions, which may hold other text already.
 * @param path Value of `GITHUB_STEP_SUMMARY`.
 * @param markdown Its sections begin with `### `, and are left out from the end where it does not fit.
 * @returns Why it was not written; undefined when it was.
 */
export function appendStepSummary(path: string, markdown: string): string | undefined {
  try {
    const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const text = fitted(markdown, mostBytes - before);
    if (text === undefined)
      return `The report does not fit into the step summary, which holds ${before} bytes.`;
    appendFileSync(path, text);
    return undefined;
  } catch (error) {
    return `The step summary cannot be written: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function fitted(markdown: string, room: number): string | undefined {
  // Text of another tool may end without an empty line.
  const whole = `\n${markdown}\n\n`;
  if (Buffer.byteLength(whole) <= room) return whole;
  const sections = whole.split(/(?=\n### )/);
  while (sections.length > 1) {
    sections.pop();
    const text = sections.join('').trimEnd() + leftOut;
    if (Buffer.byteLength(text) <= room) return text;
  }
  return undefined;
}
