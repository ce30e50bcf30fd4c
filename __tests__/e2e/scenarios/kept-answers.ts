import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { packedInstall, repository } from '../harness/install.js';
import type { Observation, Scenario, Side } from './scenario.js';

/**
 * Stock Jest's answers do not change with our sources: they are kept by the scenario, its fixture, the packages that
 * are installed, Node.js, and the code that looks.
 */
export function keepingAnswers(side: Side): Side {
  return {
    name: side.name,
    run: async (scenario) => {
      const { root } = await packedInstall();
      const file = join(dirname(root), 'stock-answers', `${keyOf(side, scenario)}.json`);
      if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as readonly Observation[];
      const answer = await side.run(scenario);
      mkdirSync(dirname(file), { recursive: true });
      // At once, for who reads it meanwhile.
      writeFileSync(`${file}.${process.pid}`, JSON.stringify(answer));
      renameSync(`${file}.${process.pid}`, file);
      return answer;
    },
  };
}

function keyOf({ name }: Side, scenario: Scenario): string {
  const hash = createHash('sha256').update(
    JSON.stringify([name, process.version, process.platform, scenario]),
  );
  const inputs = [
    `fixtures/projects/${scenario.fixture ?? 'bare'}`,
    '__tests__/e2e/harness',
    ...['local-side.ts', 'observe.ts'].map((file) => `__tests__/e2e/scenarios/${file}`),
    'node_modules/.package-lock.json',
  ];
  for (const path of inputs) add(path);
  return hash.digest('hex').slice(0, 32);

  function add(path: string): void {
    // Stock Jest needs no other machine, and no package of ours.
    if (/(machine|ssh-server|link|place|fleet|redis-server)\.ts$/.test(path)) return;
    const absolute = join(repository, path);
    if (statSync(absolute).isDirectory()) {
      for (const entry of readdirSync(absolute).sort()) add(join(path, entry));
    } else {
      hash.update(`${path}\0`).update(readFileSync(absolute));
    }
  }
}
