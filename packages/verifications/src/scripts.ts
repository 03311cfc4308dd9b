import { CHANNELS, CHECK_RESULTS, MODES, VERIFICATION_STATUSES } from '@watchword/contracts';
import { defineScript, loadLua } from '@watchword/platform';
import { z } from 'zod';
import { RECEIPT_RESULTS } from './outcomes.ts';

const text = z.union([z.string(), z.instanceof(Buffer).transform((bytes) => bytes.toString('utf8'))]);
const json = <T extends z.ZodType>(schema: T) => text.transform((value): unknown => JSON.parse(value)).pipe(schema);
const bytes = z.instanceof(Buffer);
const status = z.enum(VERIFICATION_STATUSES);
const channel = z.enum(CHANNELS);

const late = z.object({ result: z.literal('late') });
const notFound = z.object({ result: z.literal('not_found') });
const notPending = z.object({ result: z.literal('not_pending'), status });
export const openedOutcome = z.object({
  result: z.literal('opened'),
  id: z.string(),
  delivery: z.int(),
  /** What the version before remembered has none. */
  channels: z.array(channel).default(['sms']),
  expires_at: z.number(),
  resend_at: z.number(),
  sends_remaining: z.int(),
  checks_remaining: z.int(),
});
const refused = z.object({ result: z.enum(['resend_too_soon', 'max_sends']), retry_ms: z.number() });
export type OpenedOutcome = z.infer<typeof openedOutcome>;

const SHARD_KEYS = ['verification', 'destination', 'operation', 'events', 'due'] as const;

export const openScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/open.lua'),
  keys: SHARD_KEYS,
  reply: json(
    z.discriminatedUnion('result', [
      openedOutcome,
      refused,
      late,
      z.object({ result: z.literal('exists'), id: z.string() }),
    ]),
  ),
});

export const resendScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/resend.lua'),
  keys: SHARD_KEYS,
  reply: z.tuple([
    json(
      z.discriminatedUnion('result', [
        openedOutcome,
        z.object({
          result: z.literal('reserve'),
          plan: z.string(),
          purpose: z.string(),
          ttl_ms: z.number(),
          retention_ms: z.number(),
        }),
        z.object({ result: z.literal('no_address') }),
        refused,
        late,
        notFound,
        notPending,
      ]),
    ),
    bytes,
    bytes,
  ]),
  binary: true,
});

export const reserveSendScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/reserve-send.lua'),
  keys: ['destination', 'operation', 'events', 'due'],
  reply: json(
    z.discriminatedUnion('result', [z.object({ result: z.literal('reserved'), id: z.string() }), refused, late]),
  ),
});

const judged = z.object({
  result: z.enum(CHECK_RESULTS),
  status,
  checks_remaining: z.int(),
  /** Kinds of address, a letter each. Of approvals of several addresses, as it was then. */
  reached: z.string().optional(),
  wrong_before: z.record(z.string(), z.int()).optional(),
});

const checksLocked = z.object({ result: z.literal('checks_locked'), retry_ms: z.number() });

const judgement = json(
  z.discriminatedUnion('result', [
    judged,
    checksLocked,
    z.object({ result: z.literal('beside'), kinds: z.string(), purpose: z.string() }),
    z.object({ result: z.enum(['gone', 'undigested']) }),
    notFound,
    late,
  ]),
);

export const judgeScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/judge.lua'),
  keys: SHARD_KEYS,
  reply: z.union([
    z.tuple([judgement]),
    z.tuple([judgement, bytes]),
    z.tuple([judgement, bytes, text, text.transform(Number)]),
  ]),
  binary: true,
});

export const countGuessScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/count-guess.lua'),
  keys: ['destination'],
  reply: json(z.discriminatedUnion('result', [z.object({ result: z.literal('counted') }), checksLocked, late])),
});

export const uncountGuessScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/uncount-guess.lua'),
  keys: ['destination'],
  reply: z.literal(1),
});

export const consumeTokenScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/consume-token.lua'),
  keys: ['verification', 'operation', 'events'],
  reply: json(
    z.discriminatedUnion('result', [z.object({ result: z.enum(['consumed', 'consumed_before', 'invalid']) }), late]),
  ),
});

export const cancelScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/cancel.lua'),
  keys: ['verification', 'operation', 'events', 'due'],
  reply: json(
    z.discriminatedUnion('result', [z.object({ result: z.literal('canceled') }), notPending, notFound, late]),
  ),
});

export const claimScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/claim.lua'),
  keys: ['verification', 'events', 'due'],
  reply: z.union([
    z.tuple([
      text.pipe(z.literal('claimed')),
      z.int(),
      bytes,
      bytes,
      bytes,
      text,
      text,
      text,
      text.pipe(z.enum(MODES)),
      text.pipe(channel),
      text,
      z.int(),
      z.int(),
      z.int(),
      z.int(),
      z.int(),
    ]),
    z.tuple([text.pipe(z.enum(['leased', 'ended', 'expired', 'gone', 'late']))]),
  ]),
  binary: true,
});

export const settleScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/settle.lua'),
  keys: ['verification', 'events', 'due'],
  reply: z.enum(['settled', 'stale']),
});

export const receiptScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/receipt.lua'),
  keys: ['verification', 'events', 'due'],
  reply: z.enum(RECEIPT_RESULTS),
});

export const drainDueScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/drain-due.lua'),
  keys: ['verification', 'events', 'due'],
  reply: z.union([
    z.tuple([z.literal('enqueue'), z.int(), z.int(), channel]),
    z.tuple([z.enum(['expired', 'ended', 'later'])]),
  ]),
});

export const eraseDestinationScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/erase-destination.lua'),
  keys: ['operation', 'events', 'due'],
  reply: json(
    z.discriminatedUnion('result', [
      z.object({ result: z.literal('accepted'), id: z.string(), elsewhere: z.string().default('') }),
      late,
    ]),
  ),
});

export const forgetVerificationScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/forget-verification.lua'),
  keys: ['verification', 'destination', 'events', 'due'],
  reply: z.int(),
});

export const registerDigestProfileScript = defineScript({
  lua: loadLua(import.meta.url, '../lua/register-digest-profile.lua'),
  keys: ['profiles'],
  reply: z.int(),
});
