import { showsColors } from '../../src/host/colors.js';

const terminal = { isTTY: true, hasColors: () => true };
const plain = { isTTY: true, hasColors: () => false };

test.each([
  ['a terminal', terminal, {}, [], true],
  ['a terminal without colours', plain, {}, [], false],
  ['a pipe', {}, {}, [], false],
  ['a pipe of a CI service that shows colours', {}, { FORCE_COLOR: '1' }, [], true],
  ['a pipe, forced without a level', {}, { FORCE_COLOR: '' }, [], true],
  ['a terminal, forced to none', terminal, { FORCE_COLOR: '0' }, [], false],
  ['a terminal, forced to false', terminal, { FORCE_COLOR: 'false' }, [], false],
  ['a terminal of somebody who wants none', terminal, { NO_COLOR: '1' }, [], false],
  ['a variable that is set to nothing', terminal, { NO_COLOR: '' }, [], true],
  ['both variables, as in Node', {}, { NO_COLOR: '1', FORCE_COLOR: '1' }, [], true],
  ['a flag of Jest', {}, {}, ['jest', '--colors'], true],
  ['the last of two flags', terminal, {}, ['--color', '--no-color'], false],
])('colours on %s', (_, stream, env, argv, shown) => {
  expect(showsColors(stream, env, argv)).toBe(shown);
});
