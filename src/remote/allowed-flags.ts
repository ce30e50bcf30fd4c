/** Flags that say which config and which projects are meant, or that change a project. These have one value, a path or a text. */
const oneValue = `config rootDir preset runner env testEnvironment testEnvironmentOptions testRunner
  globals haste resolver globalSetup globalTeardown moduleNameMapper prettierPath transform`;
/** The same with as many values as follow. */
const manyValues = `projects selectProjects ignoreProjects roots setupFiles setupFilesAfterEnv
  moduleDirectories moduleFileExtensions modulePathIgnorePatterns modulePaths testMatch testRegex
  testPathIgnorePatterns coveragePathIgnorePatterns transformIgnorePatterns unmockedModulePathPatterns
  snapshotSerializers`;

/** Flags of Jest that a run hands on to other machines, by whether they have one value. */
export const oneValueFlag = flagOf(oneValue);
export const manyValuesFlag = flagOf(manyValues);

/** `--rootDir` and `--root-dir`: Jest takes both. */
export function flagOf(list: string): RegExp {
  const names = list.split(/\s+/);
  const dashed = names.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
  const short = names.includes('config') ? '-c|' : '';
  return new RegExp(`^(${short}--(${[...names, ...dashed].join('|')}))(=|$)`);
}

/**
 * A run brings flags, and no code: what they name lies in the checkout, or is a package of it.
 * @param directory Where it is started, below the top of the checkout.
 * @throws Error for flags of Node.js that do more than that.
 */
export function refuseNodeArgs(args: readonly string[], directory: string): void {
  for (const each of args) {
    const loaded = loadFlag.exec(each)?.[2];
    const isAllowed = loaded === undefined ? nodeFlag.test(each) : isInside(loaded, directory);
    if (!isAllowed)
      throw new Error(`it was asked to start Node.js with ${JSON.stringify(each)}, which it does not`);
  }
}

/** The same for Jest. @throws Error */
export function refuseJestArgs(args: readonly string[], directory: string): void {
  let flag: string | undefined;
  for (const word of args) {
    const [name = '', ...rest] = word.split('=');
    const isFlag = word.startsWith('-');
    if (isFlag && !startFlag.test(word) && !oneValueFlag.test(word) && !manyValuesFlag.test(word))
      throw new Error(`it was asked to start Jest with ${JSON.stringify(word)}, which it does not`);
    if (isFlag) flag = !startFlag.test(word) && rest.length === 0 ? name : undefined;
    const value = isFlag ? rest.join('=') : word;
    const key = keyOf(isFlag ? name : (flag ?? ''));
    if (value !== '' && !isAllowedValue(key, value, fromStart.has(key) ? directory : ''))
      throw new Error(`it was asked for ${JSON.stringify(word)}, which may lie outside of the checkout`);
    if (!isFlag && flag !== undefined && oneValueFlag.test(flag)) flag = undefined;
  }
}

/**
 * Whether a path is below the top of the checkout.
 * @param directory Where it starts; default: the top, or a folder that is not known here.
 */
export function isInside(path: string, directory = ''): boolean {
  const levels = directory.split('/').filter((name) => name !== '' && name !== '.').length;
  const [up = ''] = /^(\.\.(\/|$))*/.exec(path) ?? [];
  const rest = path.slice(up.length);
  const isAbsolute = /^([\\/~]|[A-Za-z]:[\\/])/.test(path) || /^[\\/]/.test(rest);
  const isAbove = /(^|[\\/])\.\.([\\/]|$)/.test(rest) || Math.ceil(up.length / 3) > levels;
  return !isAbsolute && !isAbove && !path.includes('\0');
}

/** What every run starts Jest with elsewhere. */
const startFlag =
  /^--(passWithNoTests|runTestsByPath|bail=0|(watchAll|coverage|json|onlyChanged|onlyFailures|detectOpenHandles|notify)=false|reporters=jest-runner-hardware\/reporter|maxWorkers=[1-9]\d{0,3})$/;

/** Without a value, or with a plain one. None reads or writes a file, opens a port, or loads something. */
const nodeFlag =
  /^--(no-warnings|expose-gc|harmony[\w-]*|enable-source-maps|(no-)?experimental-(abortcontroller|async-context-frame|default-type|detect-module|eventsource|fetch|global-\w+|import-meta-resolve|json-modules|print-required-tla|repl-await|require-module|shadow-realm|specifier-resolution|sqlite|strip-types|top-level-await|transform-types|vm-modules|wasm-modules|websocket|worker)|conditions|unhandled-rejections|stack-trace-limit|max-old-space-size|max-semi-space-size)(=[\w-]*)?$/;
const loadFlag = /^--(require|import|loader|experimental-loader)=([\w@.][\w@./-]*)$/;

/** Paths that begin where Jest is started; `''`: those of test files. Others begin where its config says. */
const fromStart: ReadonlySet<string> = new Set(['c', 'config', 'rootDir', 'projects', '']);
/** Their values are compared with paths that Jest has found, and lead nowhere. */
const patterns: ReadonlySet<string> = new Set([
  'testMatch',
  'testRegex',
  'selectProjects',
  'ignoreProjects',
  'modulePathIgnorePatterns',
  'testPathIgnorePatterns',
  'coveragePathIgnorePatterns',
  'transformIgnorePatterns',
  'unmockedModulePathPatterns',
  'watchPathIgnorePatterns',
]);
/** Their values are handed on as they are, and may be addresses: jsdom's `url`. */
const data: ReadonlySet<string> = new Set(['globals', 'testEnvironmentOptions']);

/** `--root-dir` sets `rootDir`. */
function keyOf(flag: string): string {
  return flag.replace(/^-+/, '').replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function isAllowedValue(key: string, given: string, directory: string): boolean {
  if (given.includes('\0')) return false;
  if (patterns.has(key)) return true;
  // The parser of flags takes quotes off.
  const value = given.trim().replace(/^['"]+|['"]+$/g, '');
  // A test file may be called `[id].test.js`.
  if (key === '') return [given, value].every((path) => isAllowedText(path, false, directory));
  if (!/^[{[]/.test(value))
    return value.split(',').every((part) => isAllowedText(part.trim(), data.has(key), directory));
  try {
    return isAllowedConfig(key, JSON.parse(value), data.has(key));
  } catch {
    return false;
  }
}

/** Keys of objects are patterns or names of options, and none of them is loaded. */
function isAllowedConfig(key: string, value: unknown, isData: boolean): boolean {
  if (patterns.has(key)) return true;
  if (typeof value === 'string') return isAllowedText(value, isData);
  if (typeof value !== 'object' || value === null) return true;
  // A page of jsdom's may hold scripts.
  if (isData && Object.hasOwn(value, 'html')) return false;
  return Object.entries(value).every(([name, each]) =>
    isAllowedConfig(Array.isArray(value) ? key : name, each, isData || data.has(name)),
  );
}

function isAllowedText(text: string, isData: boolean, directory?: string): boolean {
  if (isData && /^https?:\/\//.test(text)) return true;
  return isInside(text, directory) && !isAddress(text);
}

/** `data:`, `file:`, `https:`. Not `node:`, which is in every checkout alike. */
function isAddress(text: string): boolean {
  return /^(?!node:)[A-Za-z][\w+.-]*:/.test(text);
}
