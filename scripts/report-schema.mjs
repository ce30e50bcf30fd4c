/**
 * Writes the JSON schema of `report --format json` from the type of the summary. `npm run schema` after a change of that type.
 *
 * `--print`: writes it to standard output instead.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));
const path = 'docs/schemas/report.schema.json';
const schema = createGenerator({
  path: 'src/report/summary/summary.ts',
  tsconfig: 'tsconfig.json',
  type: 'RunSummary',
  // The compiler checks the program elsewhere.
  skipTypeCheck: true,
}).createSchema('RunSummary');
const { $schema, $ref, definitions } = schema;
const text = `${JSON.stringify(
  {
    $schema,
    title: 'Report of jest-runner-hardware (report --format json), version 1',
    $ref,
    definitions,
  },
  undefined,
  2,
)}\n`;
if (process.argv.includes('--print')) process.stdout.write(text);
else {
  mkdirSync('docs/schemas', { recursive: true });
  writeFileSync(path, text);
}
