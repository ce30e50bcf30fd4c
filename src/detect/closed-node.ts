import type { Obstacle } from './numbered-findings.js';

/** A device's node that is there, but that this user may not open. */
export function closedNode(path: string): Obstacle {
  return {
    message: `cannot compute: this user may not open ${path}`,
    remedy: 'add the user to the groups render and video (`ls -l` of the node tells), and log in again',
  };
}
