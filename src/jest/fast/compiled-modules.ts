import vm from 'node:vm';
import { keptScript } from '../../host/kept-modules.js';
import { keepAsPart } from './source-texts.js';

/** `vm.compileFunction` and what it takes from jest-runtime. */
export type CompileFunction = typeof vm.compileFunction;
export type CompileOptions = NonNullable<Parameters<CompileFunction>[2]>;
export type ModuleOptions = CompileOptions & {
  readonly filename: string;
  readonly parsingContext: vm.Context;
};
export type ModuleFunction = ReturnType<CompileFunction>;

/** A module that a suite has loaded. */
interface KnownModule {
  source: string;
  readonly parameters: string;
  readonly mayImport: boolean;
  /** Made when the module is loaded for the second time; it holds nothing of any suite. */
  script: vm.Script | undefined;
}

/** Characters of source that a process remembers, 32 MiB; what was used longest ago is forgotten first. */
const maxRememberedLength = 32 * 2 ** 20;

/**
 * Whether import() works in modules that Jest has compiled (`--experimental-vm-modules`). Its callback belongs to one
 * suite, and a script would keep it: modules with an import() are then left to Jest. Without the flag Node refuses
 * import() with the same error, whoever has compiled the module.
 */
const importWorks = 'SourceTextModule' in vm;

const modules = new Map<string, KnownModule>();
let rememberedLength = 0;

/**
 * A module's function in the suite's context, as `vm.compileFunction` makes it. A module that was loaded before, with the
 * same text, is not compiled again: a script is kept of it, lazily compiled functions included.
 */
export function moduleFunctionOf(
  compileFunction: CompileFunction,
  source: string,
  parameters: readonly string[],
  options: ModuleOptions,
): ModuleFunction {
  const { filename, parsingContext } = options;
  const parameterList = parameters.join(', ');
  const module =
    recalled(filename, source, parameterList) ?? keptOfFramework(filename, source, parameterList);
  if (module === undefined) {
    // Only what Jest's own way of compiling takes is the body of a function.
    const compiled = compileFunction(source, parameters, options);
    remember(filename, source, parameterList);
    return compiled;
  }
  if (module.mayImport) return compileFunction(source, parameters, options);
  module.script ??= scriptOf(module, filename);
  return module.script.runInContext(parsingContext) as ModuleFunction;
}

/** Packages of Jest that every first suite of a process loads, and nobody transforms. */
const framework =
  /[\\/]node_modules[\\/](?:@jest[\\/]|jest-(?:circus|diff|each|matcher-utils|message-util|mock|regex-util|snapshot|util)[\\/]|expect[\\/]|pretty-format[\\/])/;

/** A module of the framework, whose code an earlier process may have compiled; undefined: it is compiled as Jest does it. */
function keptOfFramework(filename: string, source: string, parameters: string): KnownModule | undefined {
  if (!framework.test(filename)) return undefined;
  const module = { source, parameters };
  const script = keptScript(`${filename} (${parameters})`, source, (cachedData) =>
    scriptOf(module, filename, cachedData),
  );
  return script && remember(filename, module.source, parameters, script);
}

/** The module, when this very text was loaded from there before. */
function recalled(filename: string, source: string, parameters: string): KnownModule | undefined {
  const known = modules.get(filename);
  if (known === undefined) return undefined;
  modules.delete(filename);
  if (known.source !== source || known.parameters !== parameters) {
    rememberedLength -= known.source.length;
    return undefined;
  }
  modules.set(filename, known);
  return known;
}

function remember(filename: string, source: string, parameters: string, script?: vm.Script): KnownModule {
  const mayImport = importWorks && /\bimport\s*[(/.]/.test(source);
  const known: KnownModule = { source, parameters, mayImport, script };
  modules.set(filename, known);
  rememberedLength += source.length;
  for (const [oldest, { source }] of modules) {
    if (rememberedLength <= maxRememberedLength) break;
    modules.delete(oldest);
    rememberedLength -= source.length;
  }
  return known;
}

function scriptOf(
  module: Pick<KnownModule, 'source' | 'parameters'>,
  filename: string,
  cachedData?: Buffer,
): vm.Script {
  const { source, parameters } = module;
  // As V8 writes the text of a compiled function. Without parentheses around it: with them, V8 would compile all of it at
  // once, wanted or not.
  const before = `0,function (${parameters}) {\n`;
  const text = `${before}${source}\n}`;
  // The script keeps its text: neither here nor among the files another copy is needed.
  module.source = text.slice(before.length, before.length + source.length);
  keepAsPart(filename, module.source);
  return new vm.Script(text, {
    filename,
    // So that the first line of the file is line 1.
    lineOffset: -1,
    ...(cachedData !== undefined && { cachedData }),
    // Without a callback, import() in text that is evaluated at run time would fail with another error than in Jest.
    importModuleDynamically: refuseImport as never,
  });
}

async function refuseImport(specifier: string): Promise<never> {
  throw new Error(
    `import('${specifier}') in text that is evaluated at run time does not work on the fast path of jest-runner-hardware. Set its option fast to false.`,
  );
}
