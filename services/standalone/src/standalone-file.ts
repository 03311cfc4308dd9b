import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StandaloneFile } from '@watchword/platform';

const pathOf = (directory: string) => join(directory, 'standalone.json');

/** Written whole: who waits for the file never reads half of it. 0600, since it holds the API key. */
export function writeStandaloneFile(directory: string, file: StandaloneFile): void {
  const draft = `${pathOf(directory)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, pathOf(directory));
}

export function removeStandaloneFile(directory: string): void {
  rmSync(pathOf(directory), { force: true });
}
