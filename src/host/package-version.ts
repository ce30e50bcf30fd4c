import { readFileSync } from 'node:fs';
import { packageFiles } from '../package-files.js';

/** Version of this package. */
export function packageVersion(): string {
  const text = readFileSync(packageFiles.manifest, 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
