/**
 * Writes the JSON schemas of what `report --format json` prints, from the types. `npm run schema` after a change of these.
 *
 * `--print NAME`: writes one of them (report, comparison, history) to standard output instead.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));

const schemas = {
  report: { path: 'src/report/summary/summary.ts', type: 'RunSummary', command: 'report --format json' },
  comparison: {
    path: 'src/report/compare/comparison.ts',
    type: 'Comparison',
    command: 'report --compare --format json',
  },
  history: {
    path: 'src/report/history/run-history.ts',
    type: 'RunHistory',
    command: 'report --history --format json',
  },
};

const printed = process.argv[process.argv.indexOf('--print') + 1];
if (process.argv.includes('--print')) process.stdout.write(schemaText(printed ?? 'report'));
else {
  mkdirSync('docs/schemas', { recursive: true });
  for (const name of Object.keys(schemas))
    writeFileSync(`docs/schemas/${name}.schema.json`, schemaText(name));
}

/** @param {string} name */
function schemaText(name) {
  const { path, type, command } = schemas[name];
  // The compiler checks the program elsewhere.
  const options = { path, type, tsconfig: 'tsconfig.json', skipTypeCheck: true };
  const { $schema, $ref, definitions } = createGenerator(options).createSchema(type);
  const title = `Report of jest-runner-hardware (${command}), version 1`;
  return `${JSON.stringify({ $schema, title, $ref, definitions }, undefined, 2)}\n`;
}
