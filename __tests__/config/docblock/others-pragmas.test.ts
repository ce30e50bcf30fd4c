import { profileOf } from '../../../src/config/docblock/profile.js';
import { parseOptions } from '../../../src/config/options.js';

function read(source: string, ignorePragmas: readonly string[] = []) {
  const options = parseOptions({ ignorePragmas }, 'options');
  return profileOf({ source, file: 'a.test.js', suitePath: 'a.test.js', options });
}

const docblock = (...lines: readonly string[]) =>
  `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\ntest();`;

const untagged = read('test();');

describe('words that other tools use too', () => {
  test.each([
    [['@feature Login page', '@priority P1']],
    [['@operation delete a user', '@precision 2']],
    [['@feature', '@lock', '@cpu']],
    [['@priority HIGH', '@sensitive yes', '@exclusive to admins']],
    [['@feature Login page', 'The user logs in.', 'And out.']],
    [['@feature Login @priority P1']],
    [['@feature Shopping cart @operation delete']],
    [['@Feature Login page', '@features many']],
    [['@timeout 5000', '@device iPhone 12', '@memory of an elephant', '@min-version 1.x']],
    [['@epic Accounts', '@jest-environment node', '@feature F-008']],
  ])('%j is left alone', (lines) => expect(read(docblock(...lines))).toEqual(untagged));

  test('so it is in a docblock with tabs', () => {
    expect(read('/**\n\t * @feature Login page\n\t * @priority P1\n\t */')).toEqual(untagged);
  });

  test.each([
    ['@priority 1', { priority: 1 }],
    ['@feature avx2', { features: ['avx2'] }],
    ['@operation delete', { operations: ['delete'] }],
    ['@lock db', { locks: ['db'] }],
    ['@exclusive', { exclusive: true }],
  ])('%s is ours, as its value can be read', (line, part) => {
    expect(
      read(docblock('@feature Login page', '@epic Accounts', line).replace(/feature(?! L)/, 'feature')),
    ).toEqual(line.startsWith('@feature') ? expect.anything() : { profile: expect.objectContaining(part) });
    expect(read(docblock(line))).toEqual({ profile: expect.objectContaining(part) });
  });

  test.each([
    '@hardware gpu',
    '@backend cuda',
    '@workload nlp',
    '@min-memory 2GiB',
    '@max-time 30s',
    '@software-adapter',
    '@unsatisfiable skip',
  ])('beside %s they must be right', (line) => {
    const { problems } = read(docblock('@feature Login page', line));
    expect(problems).toEqual([
      expect.objectContaining({ line: 2, message: expect.stringContaining('`@feature`') }),
    ]);
    expect(problems?.[0]?.remedy).toContain('ignorePragmas');
  });

  test.each([
    ['a list with a slip', '@feature avx2, avx513'],
    ['a missing comma', '@priority 1 @lock db'],
    ['a word for one of ours', '@timeout 30s'],
    ['a device class', '@gpu of any kind'],
    ['an unmistakable name with a slip', '@hadrware of any kind'],
    ['an unmistakable name with a bad value', '@backend of any kind'],
    ['a text glued to a value', '@priority 1\n * is the highest'],
    ['an unmistakable name behind another pragma', '@feature Login @hardware gpuu'],
  ])('%s is a mistake as before', (_, line) => expect(read(docblock(line)).problems).toHaveLength(1));
});

describe('ignorePragmas', () => {
  test.each([
    ['in our docblock', docblock('@hardware cpu', '@feature Login page'), ['feature']],
    ['with text under it', docblock('@hardware cpu', '@feature Login', 'page'), ['feature']],
    ['behind a pragma', docblock('@hardware cpu', '@epic a @lock db'), ['lock']],
    ['before another', docblock('@hardware cpu', '@lock db @min-memory of elephants'), ['lock']],
    ['near it', docblock('@hardware cpu', '@features Login page'), ['feature']],
    ['a word for one of ours', docblock('@hardware cpu', '@timeout 30s'), ['timeout']],
    ['further down', `${docblock('@hardware cpu')}\n/** @lock db */\n// @lock db`, ['lock']],
    ['an unmistakable one', docblock('@hardware ESP32', '@feature Blinks'), ['hardware']],
  ])('%s', (_, source, ignored) => {
    expect(read(source).problems).not.toHaveLength(0);
    expect(read(source, ignored)).toEqual(untagged);
  });

  test('a value that we could read does not count either', () => {
    expect(read(docblock('@priority 1', '@cpu 2'), ['priority'])).toEqual({
      profile: { ...untagged.profile, cpuThreads: 2 },
    });
  });

  test('our options still may say it', () => {
    const options = parseOptions(
      { ignorePragmas: ['feature'], profiles: { '**': { feature: 'avx2' } } },
      'options',
    );
    const source = docblock('@feature Login page');
    expect(profileOf({ source, file: 'a.js', suitePath: 'a.js', options })).toEqual({
      profile: { ...untagged.profile, features: ['avx2'] },
    });
  });
});
