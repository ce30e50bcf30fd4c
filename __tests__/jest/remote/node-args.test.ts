import { nodeArgs } from '../../../src/jest/remote/node-args.js';

test.each([
  ['what changes what code does', ['--expose-gc', '--conditions=dev'], ['--expose-gc', '--conditions=dev']],
  ['not a debugger', ['--inspect-brk=9229', '--cpu-prof', '--env-file=.env'], []],
  ['a package', ['-r', 'ts-node/register', '--import=tsx'], ['--require=ts-node/register', '--import=tsx']],
  ['a file of the repository', ['--require', './setup.cjs'], ['--require=../setup.cjs']],
  ['not one from elsewhere', ['--require', '/opt/ide/bootloader.cjs', '--require=../x.cjs'], []],
])('%s', (_, words, expected) => {
  for (const process of [
    { execArgv: words, env: {} },
    { execArgv: [], env: { NODE_OPTIONS: words.join(' ') } },
    { execArgv: words, env: { NODE_OPTIONS: words.join(' ') } },
  ]) {
    expect(nodeArgs({ ...process, cwd: () => '/repo' }, '/repo', 'packages')).toEqual(expected);
  }
});
