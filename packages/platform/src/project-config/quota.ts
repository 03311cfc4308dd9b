import { z } from 'zod';
import type { RedisConnection } from '../redis/connection.ts';
import { defineScript, loadLua } from '../redis/script.ts';

/** What a project has sent, counted by the gateways: in the hour for its limit, in the month for its plan. */
export const sendsKeyOf = (project: string) => `ww:{p:${project}}:sends`;

/** Longer than a month, so that a month's count is there to its end. */
export const SENDS_KEPT_MS = 40 * 86_400_000;

const seedScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/seed-quota.lua'),
  keys: ['sends'],
  reply: z.number().int(),
});

/** The calendar month (UTC) of a time in ms: `2026-11`. */
export const monthOf = (ms: number) => new Date(ms).toISOString().slice(0, 7);

/**
 * Tells the gateways of at least `used` sends in a month, from the records: after Redis was emptied, or when a project gets a
 * plan. What they have counted themselves stays when it is more. Resolves with what counts now.
 */
export function seedQuota(redis: RedisConnection, project: string, month: string, used: number): Promise<number> {
  return seedScript(redis, { sends: sendsKeyOf(project) }, [month, used, SENDS_KEPT_MS]);
}

/** Sends that the gateways have counted in a month; 0 when they know of none, or of another month. */
export async function readQuota(redis: RedisConnection, project: string, month: string): Promise<number> {
  const [stored, used] = await redis.hmget(sendsKeyOf(project), 'month', 'used');
  return stored === month ? Number(used) : 0;
}
