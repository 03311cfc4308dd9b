import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { runTool } from '../run-tool.ts';

/**
 * Makes a directory unless it is there. Who makes it writes to a place of its own, which gets its name when it is whole and
 * on the disk: so a directory that is there is whole, and one that was left half-made is made anew.
 * One process at a time: its caller holds a lock.
 */
export async function makeWhole(path: string, make: (partial: string) => Promise<void>): Promise<void> {
  if (existsSync(path)) return;
  const partial = `${path}.partial`;
  // Programs of a run that was killed may still be ending.
  rmSync(partial, { recursive: true, force: true, maxRetries: 10 });
  mkdirSync(partial);
  chmodSync(partial, 0o755);
  await make(partial);
  await runTool('sync', ['--file-system', partial]);
  renameSync(partial, path);
}
