import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Something whoever ran the command must mend. Its message is the one line they see. */
export class SetupError extends Error {}

/**
 * Makes a folder of ours under the root.
 *
 * @param {string} path
 */
export function makeFolder(path) {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    // Node calls a read-only file system ENOENT here, so no more can be said than this.
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new SetupError(`${path} could not be made${code}: work in a writable copy on a disk with room for 1.5 GB.`);
  }
}
