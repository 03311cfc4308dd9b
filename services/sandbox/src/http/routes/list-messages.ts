import type { HttpApp } from '@watchword/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { normaliseDestination } from '../../domain/destination.ts';
import type { Inbox, ListMessagesInput } from '../../domain/inbox.ts';
import type { InboxMessage } from '../../domain/message.ts';
import type { OpenCalls } from '../open-calls.ts';

const LIMIT_DEFAULT = 1_000;
const LIMIT_MAX = 50_000;
const WAIT_MAX_SECONDS = 30;

const wholeNumber = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `must be from ${minimum} to ${maximum}`);

const listMessagesQuery = z.strictObject({
  to: z
    .string()
    .transform((written, context) => {
      if (written === '') return undefined;
      const destination = normaliseDestination(written);
      if (destination === undefined) {
        context.addIssue({
          code: 'custom',
          message: 'must be a phone number in E.164, an e-mail address or a device token',
        });
      }
      return destination;
    })
    .optional(),
  limit: wholeNumber(1, LIMIT_MAX).default(LIMIT_DEFAULT),
  wait_s: wholeNumber(0, WAIT_MAX_SECONDS).default(0),
});

export interface ListMessagesDeps {
  readonly inbox: Inbox;
  readonly calls: OpenCalls;
}

/** Newest first. With `wait_s` it answers as soon as there is a message to show, or with none when the time is over. */
export function listMessagesRoute(app: HttpApp, { inbox, calls }: ListMessagesDeps): void {
  app.get('/api/messages', { schema: { querystring: listMessagesQuery } }, async (request, reply) => {
    const { to, limit, wait_s: waitSeconds } = request.query;
    reply.header('cache-control', 'no-store');
    const messages = inbox.list({ to, limit });
    if (messages.length > 0 || waitSeconds === 0) return messages;
    return waitForMessages({ inbox, calls, reply, wanted: { to, limit }, waitMs: waitSeconds * 1000 });
  });
}

interface WaitForMessagesInput extends ListMessagesDeps {
  readonly reply: FastifyReply;
  readonly wanted: ListMessagesInput;
  readonly waitMs: number;
}

async function waitForMessages({ inbox, calls, reply, wanted, waitMs }: WaitForMessagesInput): Promise<InboxMessage[]> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, waitMs);
  const unsubscribe = inbox.subscribe(() => {
    if (inbox.list({ ...wanted, limit: 1 }).length > 0) resolve();
  });
  const remove = calls.add(resolve);
  reply.raw.once('close', resolve);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    unsubscribe();
    remove();
    reply.raw.off('close', resolve);
  }
  return inbox.list(wanted);
}
