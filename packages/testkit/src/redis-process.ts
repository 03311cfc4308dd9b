import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Platform } from './platform.ts';

/** The process id of a platform's private Redis. */
export function redisPidOf({ directory }: Pick<Platform, 'directory'>): number {
  const text = readFileSync(join(directory, 'redis', 'redis.json'), 'utf8');
  return z.object({ pid: z.number() }).parse(JSON.parse(text)).pid;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: there is no such process.
    return false;
  }
}
