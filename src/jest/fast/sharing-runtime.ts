import { fillFromEarlierSuites } from './source-texts.js';
import { isStateless, statelessExports } from './stateless-packages.js';

/** jest-runtime, as its module exports it. */
export interface RuntimeModule {
  default: new (
    ...parameters: readonly unknown[]
  ) => { requireInternalModule(from: string, to?: string): unknown };
}

/** What is used of jest-resolve. */
interface Resolver {
  resolveModule(from: string, name: string): string;
}

/** Positions among the parameters of the constructor. The cache: texts that a suite has read, by path. */
const resolverParameter = 2;
const cacheParameter = 4;

/**
 * Until the returned function is called, suites use texts that earlier ones have read, and Jest's own code uses the instance
 * that this process has of packages without a state.
 */
export function shareByRuntime(runtimeModule: RuntimeModule): () => void {
  const { default: Runtime } = runtimeModule;
  /** Loads of modules of Jest itself that have not ended. */
  let ownLoads = 0;
  class SharingRuntime extends Runtime {
    readonly #resolver: Resolver;

    constructor(...parameters: readonly unknown[]) {
      const cache = parameters[cacheParameter];
      if (cache instanceof Map) fillFromEarlierSuites(cache, () => ownLoads > 0);
      super(...parameters);
      this.#resolver = parameters[resolverParameter] as Resolver;
    }

    /** Jest calls it for each `require` of a module of its own. */
    override requireInternalModule(from: string, to?: string): unknown {
      if (isStateless(to)) {
        const exports = statelessExports(from, to, () => this.#resolver.resolveModule(from, to));
        if (exports !== undefined) return exports;
      }
      ownLoads++;
      try {
        return super.requireInternalModule(from, to);
      } finally {
        ownLoads--;
      }
    }
  }
  runtimeModule.default = SharingRuntime;
  return () => {
    if (runtimeModule.default === SharingRuntime) runtimeModule.default = Runtime;
  };
}
