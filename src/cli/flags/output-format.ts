import { UsageError } from '../../core/vocabulary/usage-error.js';

/**
 * Which kind of file a path names by its ending.
 * @param formats Every kind by its ending, without the point.
 * @throws {UsageError} for any other ending.
 */
export function outputFormat<Format extends string>(
  path: string,
  formats: Readonly<Record<Format, unknown>>,
): Format {
  const end = path.slice(path.lastIndexOf('.') + 1);
  if (Object.hasOwn(formats, end)) return end as Format;
  throw new UsageError({
    message: `\`--output ${path}\`: unknown kind of file`,
    expected: `a name that ends in ${Object.keys(formats)
      .map((each) => `.${each}`)
      .join(', ')}`,
  });
}
