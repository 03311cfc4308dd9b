import { createLogger } from '@watchword/platform';
import { expect, test } from 'vitest';
import { createHandOver } from './hand-over.ts';

const clock = { now: () => 0, serverNow: () => 0 };
const logger = createLogger({ service: 'test', level: 'silent' });
const call = { project: 'p', mode: 'test', operation: '', deadline: 200 } as const;
const sent = {
  result: 'sent',
  id: 'ver_x',
  deliveryId: 'del_x-1',
  destination: '+14155550123',
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
  expect(accepted).toMatchObject({ id: 'ver_x', status: 'pending', deliveries: [{ status: 'queued' }] });
  expect(JSON.stringify(accepted)).not.toContain(sent.destination);
});
