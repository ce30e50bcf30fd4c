import { withoutPlaces } from './comparable.js';
import type { Project } from './project.js';

/** Lines of a stream, sorted because suites end in any order, without times and estimates. */
export function terminalLines(text: string, project: Project): readonly string[] {
  return withoutPlaces(text, project)
    .split('\n')
    .map((line) =>
      line
        .replace(/ \(<time>\)/, '')
        .replace(/, estimated <time>/, '')
        .trimEnd(),
    )
    .filter((line) => line !== '')
    .sort();
}
