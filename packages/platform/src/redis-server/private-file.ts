import { renameSync, writeFileSync } from 'node:fs';

/** Replaces a file at once with one that only its owner may read; a reader sees the old text or the new, never a part. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${text}\n`, { mode: 0o600, flush: true });
  renameSync(draft, path);
}
