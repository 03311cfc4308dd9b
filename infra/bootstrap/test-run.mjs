import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { handOver, SIGNAL_EXIT_CODE } from './hand-over.mjs';

const END_BY_THEMSELVES_MS = 3_000;
const POLL_MS = 50;

/**
 * Runs tests and leaves nothing behind: tests start servers, and a run that is interrupted has no time to end them. A run
 * that was not interrupted fails when it leaves a process.
 *
 * All that a run starts is in its process group or, a server, works in a folder below its TMPDIR.
 *
 * @param {string} node
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<number>} exit code
 */
export async function runTests(node, args, environment) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'watchword-tests-')));
  // Whoever knows a name in it may pass: a server that refuses to run as root works in there too.
  chmodSync(folder, 0o711);
  let group = 0;
  const code = await handOver(node, args, { ...environment, TMPDIR: folder }, (id) => {
    group = id;
  });
  const wasInterrupted = code > SIGNAL_EXIT_CODE;
  const left = await endLeftovers(group, folder, wasInterrupted ? 0 : END_BY_THEMSELVES_MS);
  rmSync(folder, { recursive: true, force: true });
  if (wasInterrupted || left.length === 0) return code;
  process.stderr.write(`watchword: the tests left processes behind, which were ended: ${left.join('; ')}\n`);
  return code || 1;
}

/**
 * @param {number} group
 * @param {string} folder
 * @param {number} patienceMs
 * @returns {Promise<string[]>} the command lines of what had to be killed
 */
async function endLeftovers(group, folder, patienceMs) {
  const since = performance.now();
  let left = findLeftovers(group, folder);
  while (left.length > 0 && performance.now() - since < patienceMs) {
    await delay(POLL_MS);
    left = findLeftovers(group, folder);
  }
  const names = left.map(({ name }) => name);
  // What is killed may have been about to start another.
  for (; left.length > 0; left = findLeftovers(group, folder)) {
    for (const { pid } of left) killIfThere(pid);
    await delay(POLL_MS);
  }
  if (process.platform !== 'linux') killIfThere(-group);
  return names;
}

/**
 * Only Linux tells; elsewhere the group is all that is known.
 *
 * @param {number} group
 * @param {string} folder
 */
function findLeftovers(group, folder) {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        // proc(5): after the name, in brackets, come state, parent and process group.
        const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const isOurs =
          Number(processGroup) === group || `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
        const name = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return isOurs && state !== 'Z' ? [{ pid: Number(pid), name }] : [];
      } catch {
        // It ended while we looked, or is not ours to look at.
        return [];
      }
    });
}

/** @param {number} pid */
function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already, which is what was wanted.
  }
}
