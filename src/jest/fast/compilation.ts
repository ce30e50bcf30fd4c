import vm from 'node:vm';
import {
  type CompileFunction,
  type CompileOptions,
  type ModuleOptions,
  moduleFunctionOf,
} from './compiled-modules.js';
import { watchStorages } from './framework-storages.js';

/**
 * jest-runtime compiles every module of every suite with `vm.compileFunction`. Until the returned function is called, it
 * comes here: modules are shared with earlier suites, and storages of the framework are seen.
 * @param sharesModules False: every module is compiled as Jest does it.
 */
export function interceptCompilation(sharesModules: boolean): () => void {
  const { compileFunction } = vm;
  const storages = watchStorages();
  const intercepted: CompileFunction = (source, parameters = [], options = {}) => {
    if (!isModule(parameters, options)) return compileFunction(source, parameters, options);
    const moduleFunction = sharesModules
      ? moduleFunctionOf(compileFunction, source, parameters, options)
      : compileFunction(source, parameters, options);
    return storages.watch(moduleFunction, options.filename);
  };
  // Tests see no other function than Node's.
  Object.defineProperties(intercepted, Object.getOwnPropertyDescriptors(compileFunction));
  vm.compileFunction = intercepted;
  return () => {
    // A test may have replaced it for longer than its suite, as it may with stock Jest.
    if (vm.compileFunction === intercepted) vm.compileFunction = compileFunction;
    storages.disable();
  };
}

/** What jest-runtime passes, and hardly anybody else. */
function isModule(parameters: readonly string[], options: CompileOptions): options is ModuleOptions {
  return (
    options.parsingContext !== undefined &&
    options.filename !== undefined &&
    options.importModuleDynamically !== undefined &&
    parameters.slice(0, 5).join() === 'module,exports,require,__dirname,__filename'
  );
}
