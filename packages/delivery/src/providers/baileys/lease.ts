import { randomUUID } from 'node:crypto';
import { defineScript, loadLua, type RedisConnection } from '@watchword/platform';
import { z } from 'zod';

const leaseScript = defineScript({
  lua: loadLua(import.meta.url, '../../../lua/whatsapp-lease.lua'),
  keys: ['owner'],
  reply: z.union([z.literal(0), z.literal(1)]),
});

/** The right to hold an account's one socket, among all workers. */
export interface SocketLease {
  readonly leaseMs: number;
  /** Takes or prolongs it; false while another worker has it. */
  take(reference: string): Promise<boolean>;
  giveBack(reference: string): Promise<void>;
}

const LEASE_MS = 15_000;

export function createSocketLease({
  redis,
  leaseMs = LEASE_MS,
  owner = randomUUID(),
}: {
  readonly redis: RedisConnection;
  readonly leaseMs?: number;
  readonly owner?: string;
}): SocketLease {
  const keysOf = (reference: string) => ({ owner: `ww:{w:${reference}}:owner` });
  return {
    leaseMs,
    take: async (reference) => (await leaseScript(redis, keysOf(reference), [owner, leaseMs])) === 1,
    async giveBack(reference) {
      await leaseScript(redis, keysOf(reference), [owner, 0]);
    },
  };
}
