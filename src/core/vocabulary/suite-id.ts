/** A Jest project among several. */
export interface NamedProject {
  /** Its displayName. */
  readonly name: string | undefined;
  /** From 1, in the order of the config. */
  readonly number: number;
  /** Jest allows two projects of the same name; their suites need different ids. */
  readonly hasNamesake: boolean;
}

/**
 * What a suite is called in records: its path, and before it the project's name (or number) where there are several.
 * @param path Relative to the global rootDir, separated by `/`.
 * @param project Undefined where there is only one.
 */
export function suiteIdOf(path: string, project: NamedProject | undefined): string {
  if (project === undefined) return path;
  const { name, number, hasNamesake } = project;
  return `${name === undefined ? number : hasNamesake ? `${name} ${number}` : name} › ${path}`;
}
