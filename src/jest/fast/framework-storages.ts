import asyncHooks, { AsyncLocalStorage } from 'node:async_hooks';
import type { ModuleFunction } from './compiled-modules.js';

/** Modules of the framework that create a storage when they are loaded. */
const framework = /[\\/]jest-circus[\\/]build[\\/](?:jestAdapterInit|index)\.js$/;

/**
 * jest-circus creates an AsyncLocalStorage for each suite and never disables it. Up to Node 22 every promise of all later
 * suites then visits every one of them. Those that it created are disabled when their suite is over; storages of anybody
 * else are not touched.
 */
export function watchStorages(): {
  /** The module's function; one of the framework is handed an AsyncLocalStorage that is seen being created. */
  watch(moduleFunction: ModuleFunction, filename: string): ModuleFunction;
  /** Disables what the framework created since. */
  disable(): void;
} {
  const created: AsyncLocalStorage<unknown>[] = [];
  class WatchedStorage<Store> extends AsyncLocalStorage<Store> {
    constructor() {
      super();
      created.push(this as AsyncLocalStorage<unknown>);
    }
  }
  const watchedHooks = { ...asyncHooks, AsyncLocalStorage: WatchedStorage };

  return {
    watch(moduleFunction, filename) {
      if (!framework.test(filename)) return moduleFunction;
      return function (
        this: unknown,
        module: unknown,
        exports: unknown,
        require: Require,
        ...rest: unknown[]
      ) {
        const watched = Object.assign(
          (name: string) => (/^(?:node:)?async_hooks$/.test(name) ? watchedHooks : require(name)),
          require,
        );
        return moduleFunction.call(this, module, exports, watched, ...rest);
      };
    },
    disable() {
      for (const storage of created) storage.disable();
    },
  };
}

type Require = (name: string) => unknown;
