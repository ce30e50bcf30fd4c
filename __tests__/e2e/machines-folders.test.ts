/** What suites leave in the folders of another machine, and who shares these folders. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runJest } from './harness/jest.js';
import { leaveMachines, useMachine, useProjectOn } from './harness/machine.js';
import { type SshHost, sshServer, startSshHost, testWithSsh } from './harness/ssh-server.js';

const hosts: SshHost[] = [];
afterAll(async () => {
  for (const host of hosts) host.dispose();
  await leaveMachines();
});

async function start(...settings: Parameters<typeof startSshHost>): Promise<SshHost> {
  const host = await startSshHost(...settings);
  hosts.push(host);
  return host;
}

const isRoot = process.getuid?.() === 0;
/** Permissions count for users of the server, as root takes no notice of them otherwise. */
const permissionsCount = isRoot
  ? ['setpriv', '--inh-caps', '-all', '--bounding-set', '-dac_override,-dac_read_search,-fowner']
  : [];
const testWith = (command: readonly string[]) =>
  command.length === 0 || spawnSync(command[0] ?? '', [...command.slice(1), 'true']).status === 0
    ? testWithSsh
    : testWithSsh.skip;

const leaves = (more: string) => `/** @hardware gpu */
const fs = require('node:fs');
test('leaves a folder', () => {
  fs.mkdirSync('left/inside', { recursive: true });
  fs.writeFileSync('left/inside/a', '', { mode: 0o400 });
  for (const folder of ['left/inside', 'left', 'tracked']) fs.chmodSync(folder, 0o500);
  ${more}
});
`;

testWith(permissionsCount)(
  'folders that a suite has left read-only are put back for the next run',
  async () => {
    const host = await start('gpu-box', '', { launcher: permissionsCount });
    const project = await useMachine({ host, files: { 'gpu.test.js': leaves(''), 'tracked/a.txt': 'a' } });
    expect((await runJest(project, [])).stderr).toContain('1 passed');
    appendFileSync(join(project.directory, 'tracked/a.txt'), 'edited');
    const again = await runJest(project, []);
    expect(again.stderr).toContain('1 passed');
  },
);

testWith(isRoot ? permissionsCount : ['false'])('what another user owns there is named', async () => {
  const host = await start('gpu-box', '', { launcher: permissionsCount });
  const owned = leaves("fs.chownSync('left/inside', 12345, 12345);");
  const project = await useMachine({ host, files: { 'gpu.test.js': owned, 'tracked/a.txt': 'a' } });
  expect((await runJest(project, [])).stderr).toContain('1 passed');
  const again = await runJest(project, []);
  expect(again.stderr).toMatch(
    /gpu-box cannot take part: \S+\/checkout-1\/left\/inside: what a suite has left here cannot be removed; found: Permission denied; remedy: remove it there/,
  );
});

const ownMounts = ['unshare', '--mount'];

testWith(isRoot && sshServer !== undefined ? ownMounts : ['false'])(
  'machines with one home on a network do not share checkouts',
  async () => {
    const one = await start('one');
    const claims = join(one.home, '.cache/jest-runner-hardware/claims');
    // Sockets connect only processes of one machine: the second does not see the claims of the first.
    const script = `mkdir -p '${claims}' && mount -t tmpfs none '${claims}' && exec "$@"`;
    const two = await start('two', '', {
      server: `SetEnv HOME=${one.home}`,
      launcher: [...ownMounts, 'sh', '-c', script, 'sh'],
    });
    const meets = (name: string, other: string) => `/** @hardware gpu */
const fs = require('node:fs');
test('is alone in its folder', async () => {
  fs.writeFileSync('${name}.txt', '');
  fs.writeFileSync(process.env.HOME + '/met-${name}', '');
  while (!fs.existsSync(process.env.HOME + '/met-${other}')) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(fs.readdirSync('.').filter((file) => file.endsWith('.txt'))).toEqual(['${name}.txt']);
});
`;
    const project = await useProjectOn([{ host: one }, { host: two }], {
      files: { 'a.test.js': meets('a', 'b'), 'b.test.js': meets('b', 'a') },
    });
    for (const name of ['a', 'b']) rmSync(join(one.home, `met-${name}`), { force: true });
    expect((await runJest(project, [])).stderr).toContain('2 passed');
  },
);
