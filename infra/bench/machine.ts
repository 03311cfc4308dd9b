import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './statistics.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** proc(5): `utime` and `stime` are in hundredths of a second on every Linux that Node runs on. */
const TICK_MICROSECONDS = 10_000;
const SYNCS = 51;

/** Which core has the processes under test, and which Redis and the load. Null where nothing can be pinned. */
export interface Cores {
  readonly tested: number;
  readonly other: number;
}

/** The first two cores that this process may use, when `taskset` is there to pin with. */
export function chooseCores(): Cores | null {
  const [tested, other] = allowedCores();
  if (tested === undefined || other === undefined) return null;
  try {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(other), String(process.pid)]);
    return { tested, other };
  } catch {
    // No util-linux here: all processes share all cores.
    return null;
  }
}

function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readProc('self/status'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** User and system time of a process so far. */
export function cpuMicrosecondsOf(pid: number): number {
  const stat = readProc(`${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

/** Resident memory of a process in MB (10⁶ bytes). */
export function residentMegabytesOf(pid: number): number {
  return (Number(/^VmRSS:\s*(\d+)/m.exec(readProc(`${pid}/status`))?.[1]) * 1024) / 1e6;
}

const readProc = (path: string) => readFileSync(`/proc/${path}`, 'utf8');

/** What the figures were taken on. */
export function describeMachine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${memory}, Linux ${release()}, Node ${process.version}`;
}

/** How much else ran when the bench began: with anything much above 0, absolute figures say little. */
export const describeOtherWork = () => `load average ${loadavg()[0]?.toFixed(2)} at the start`;

/** Median of appending a little and waiting for the disk. */
export function measureSyncMs(directory: string): number {
  const file = openSync(join(directory, 'sync'), 'a');
  const times = Array.from({ length: SYNCS }, () => {
    writeSync(file, 'a line of an append-only file\n');
    const startedAt = performance.now();
    fdatasyncSync(file);
    return performance.now() - startedAt;
  });
  closeSync(file);
  return median(times);
}

/** The commit, and whether the tree has changes beside it. */
export function describeCommit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const isClean = git('status', '--porcelain') === '';
    return `${git('rev-parse', '--short', 'HEAD')}${isClean ? '' : ' with uncommitted changes'}`;
  } catch {
    // An unpacked archive, or no git.
    return 'no commit';
  }
}
