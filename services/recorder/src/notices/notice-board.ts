import { defineScript, loadLua, type RedisConnection } from '@watchword/platform';
import { z } from 'zod';

const noticeScript = <R extends z.ZodType>(name: string, reply: R) =>
  defineScript({ lua: loadLua(import.meta.url, `../../lua/notice-${name}.lua`), keys: ['due', 'notice'], reply });

const noteScript = noticeScript('note', z.literal(1));
const claimScript = noticeScript(
  'claim',
  z.union([z.tuple([]), z.tuple([z.int(), z.int(), z.int(), z.int(), z.int(), z.string()])]),
);
const settleScript = noticeScript('settle', z.literal([0, 1]));

/** Codes of a project that could not be delivered, by the mode of their keys. */
export interface Undelivered {
  readonly live: number;
  readonly test: number;
  readonly channels: readonly string[];
}

/** What a project's admins are to be told now, by whoever has claimed it. */
export interface ClaimedNotice extends Undelivered {
  readonly project: string;
  readonly claim: number;
  /** When the first of them happened, ms. */
  readonly since: number;
  /** How often it could not be told. */
  readonly tries: number;
}

export interface NoticeBoardOptions {
  readonly redis: RedisConnection;
  readonly now: () => number;
  /** Between two notices of a project. */
  readonly everyMs: number;
  /** A claim is another's after that. */
  readonly leaseMs: number;
}

/** What is not told within a day is not told any more. */
export const TOLD_WITHIN_MS = 24 * 3_600_000;
/** Longer than that: whoever gives a notice up says so. */
const KEPT_MS = 2 * TOLD_WITHIN_MS;
const RETRY_MS = 30_000;
const LOOKED_AT = 5;

/** What is to be told to the projects' admins, in Redis: all recorders note it there, and each notice is sent by one of them. */
export function createNoticeBoard({ redis, now, everyMs, leaseMs }: NoticeBoardOptions) {
  const due = 'ww:{notices}:due';
  const keysOf = (project: string) => ({ due, notice: `ww:{notices}:${project}` });

  return {
    async note(project: string, { live, test, channels }: Undelivered): Promise<void> {
      await noteScript(redis, keysOf(project), [project, live, test, now(), KEPT_MS, ...channels]);
    },

    /** One of the notices that are due: whoever claims several would hold the last while the first are sent. */
    async claim(): Promise<ClaimedNotice | undefined> {
      const projects = await redis.zrangebyscore(due, '-inf', now(), 'LIMIT', 0, LOOKED_AT);
      for (const project of projects.map(String)) {
        const reply = await claimScript(redis, keysOf(project), [project, now(), leaseMs]);
        // Another was faster, or there is nothing to tell.
        if (reply.length === 0) continue;
        const [claim, live, test, since, tries, channels] = reply;
        return { project, claim, live, test, since, tries, channels: channels.split(',').filter(Boolean) };
      }
      return undefined;
    },

    /** `dropped`: it has not been told for so long that it is not worth telling. */
    async settle(notice: ClaimedNotice, outcome: 'told' | 'untold' | 'dropped'): Promise<void> {
      const { project, claim, live, test, tries } = notice;
      const next = now() + (outcome === 'untold' ? Math.min(everyMs, RETRY_MS * 2 ** tries) : everyMs);
      await settleScript(redis, keysOf(project), [project, claim, outcome, live, test, now(), next]);
    },
  };
}

export type NoticeBoard = ReturnType<typeof createNoticeBoard>;
