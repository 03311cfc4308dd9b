import { createLogger } from '@watchword/platform';
import { expect, test } from 'vitest';
import { createHandOver } from './hand-over.ts';

const clock = { now: () => 0, serverNow: () => 0 };
const logger = createLogger({ service: 'test', level: 'silent' });
const call = { project: 'p', mode: 'test', operation: '', deadline: 200 } as const;
const sent = {
  result: 'sent',
  id: 'ver_x',
  deliveries: [
    { id: 'del_x-1', channel: 'sms' },
    { id: 'del_x-2', channel: 'email' },
  ],
  addresses: { phone: '+14155550123', email: 'ann@example.com' },
  expiresAt: 300_000,
  resendAt: 60_000,
  sendsRemaining: 4,
  checksRemaining: 3,
} as const;

test.each([
  { queue: 'refuses', enqueue: () => Promise.reject(new Error('Connection is closed.')) },
  { queue: 'never answers', enqueue: () => new Promise<never>(() => undefined) },
])('what was committed is accepted though the queue $queue: the due set will send it', async ({ enqueue }) => {
  const accepted = await createHandOver({ enqueue }, clock, logger)(sent, call, 'request-1');
  expect(accepted).toMatchObject({ id: 'ver_x', status: 'pending' });
  expect(accepted.deliveries.map(({ status }) => status)).toEqual(['queued', 'queued']);
});

test('each delivery goes to the queue of its channel, and its answer shows no whole address', async () => {
  const enqueued: unknown[] = [];
  const queue = { enqueue: async (...job: unknown[]) => void enqueued.push(job) };
  const { deliveries } = await createHandOver(queue, clock, logger)(sent, call, 'request-1');
  expect(enqueued).toEqual(sent.deliveries.map((delivery) => [delivery, 0, 'request-1']));
  expect(deliveries.map(({ channel, to_masked }) => [channel, to_masked])).toEqual([
    ['sms', '+1********23'],
    ['email', 'a***@example.com'],
  ]);
});

test('what was erased since is not shown at all', async () => {
  const erased = { ...sent, addresses: undefined };
  const { deliveries } = await createHandOver({ enqueue: async () => {} }, clock, logger)(erased, call, 'request-1');
  expect(deliveries.map(({ to_masked }) => to_masked)).toEqual(['+***', '***']);
});
