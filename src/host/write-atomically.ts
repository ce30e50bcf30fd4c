import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Writes a file whole or not at all: who reads it meanwhile, and who comes after a full disk or a killed process, finds
 * the old content or the new one. Of several that write together the last one wins.
 * @param mode Permissions of the new file; default: as the umask says.
 * @throws What the system says; then the old file is as it was, and nothing else is left behind.
 */
export function writeAtomically(path: string, content: string | Uint8Array, mode?: number): void {
  // Not the process id: processes of two containers may share a folder and have the same.
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(draft, content, mode === undefined ? {} : { mode });
    renameSync(draft, path);
  } catch (error) {
    removeIfThere(draft);
    throw error;
  }
}

/** `force` forgives a file that is not there, not a parent that is no folder. */
function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The error that led here is the one to report.
  }
}
