import { readFileSync } from 'node:fs';

const { dependencies, peerDependencies } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as Record<'dependencies' | 'peerDependencies', Readonly<Record<string, string>>>;

// A newer range than the peer's installs a second copy of Jest's packages beside an older Jest.
test('what we need of Jest is not newer than the Jest that we accept', () => {
  const release = /^\^\d+\.\d+\./.exec(peerDependencies['jest'] ?? '')?.[0] ?? 'none';
  const ofJest = Object.entries(dependencies).filter(([name]) => /^(@jest\/|jest-)/.test(name));
  expect(ofJest.length).toBeGreaterThan(0);
  expect(ofJest.filter(([, range]) => !range.startsWith(release))).toEqual([]);
});
