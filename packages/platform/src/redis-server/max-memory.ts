import { totalmem } from 'node:os';

const SHARE = 4;
/** Below it Redis could hold hardly more than itself. */
const BYTES_MIN = 256 * 1024 * 1024;

/** In bytes. `limit` is what a container may use; 0 = no limit. */
export interface Memory {
  readonly total: number;
  readonly limit: number;
}

export const localMemory = (): Memory => ({ total: totalmem(), limit: process.constrainedMemory() });

/** Of a private Redis, which shares the machine with all services: the rest is for them, and for the fork that rewrites its file. */
export function maxMemoryOf({ total, limit }: Memory): number {
  const usable = limit > 0 ? Math.min(total, limit) : total;
  return Math.max(Math.floor(usable / SHARE), BYTES_MIN);
}
