import { z } from 'zod';

/**
 * Facts in a verification's timeline. Each is appended by the script that makes it true. `delivery.queued` tells `send`,
 * the number of the send (1, 2 …) that the delivery is of: several channels of a send, and the steps of its workflow, share
 * one code, one expiry and one place in the quota; and `reason` (`failed` or `timeout`) when a workflow went on to its next
 * step. `attempt.settled` may tell
 * `cost_micros`, an integer, in millionths of the platform's currency, and `template`, an id or `shipped`.
 */
export const EVENT_TYPES = [
  'verification.opened',
  'delivery.queued',
  'attempt.started',
  'attempt.settled',
  'receipt.received',
  'delivery.ended',
  'check.judged',
  'verification.approved',
  'verification.expired',
  'verification.exhausted',
  'verification.canceled',
  'verification.undeliverable',
  'token.consumed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const eventSchema = z
  .object({
    seq: z.int().describe('1, 2, 3 … within the verification'),
    type: z.enum(EVENT_TYPES),
    at: z.iso.datetime(),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  })
  .meta({ id: 'Event' });

export const timelineSchema = z.object({ events: z.array(eventSchema) }).meta({ id: 'Timeline' });

export type VerificationEvent = z.infer<typeof eventSchema>;
