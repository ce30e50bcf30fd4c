import type { Obstacle } from '../findings/numbered-findings.js';

/** The obstacle of an accelerator whose library is not installed. */
export function missingLibrary(name: string): Obstacle {
  return {
    message: `cannot compute: no ${name}`,
    remedy: "install the maker's user-space driver, or declare the device in a machine file",
  };
}
