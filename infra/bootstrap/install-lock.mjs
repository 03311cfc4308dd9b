import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 250;
const ABANDONED_MS = 5_000;

/**
 * Lets one process at a time install here; the others wait until it is done. A lock whose process has gone is taken over.
 *
 * @param {string} path
 * @param {(line: string) => void} say
 * @returns {Promise<() => void>} releases it
 */
export async function holdInstallLock(path, say) {
  let said = false;
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        // The file may be there without our id: a full disk.
        rmSync(path, { force: true });
        throw error;
      }
    }
    const owner = readOwner(path);
    if (owner === undefined ? isAbandoned(path) : !isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!said && owner !== undefined) {
      say(`waiting for process ${owner}, which is installing packages`);
      said = true;
    }
    await delay(POLL_MS);
  }
}

/** @param {string} path */
function readOwner(path) {
  try {
    return Number(readFileSync(path, 'utf8')) || undefined;
  } catch {
    // Released in the meantime.
    return undefined;
  }
}

/**
 * A lock without an id: its owner is just about to write it, or ended before it could.
 *
 * @param {string} path
 */
function isAbandoned(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
