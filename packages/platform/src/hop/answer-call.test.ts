import type { BatchedCall } from '@watchword/contracts';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { createLogger } from '../logger.ts';
import { createAnswerCall } from './answer-call.ts';
import { hopRoute } from './hop-route.ts';

const NOW = 1_000;
const call: BatchedCall = {
  requestId: 'request-1',
  project: 'p',
  mode: 'test',
  key: '',
  scopes: [],
  epoch: 0,
  operation: '',
  deadline: NOW + 1_000,
  method: 'POST',
  path: '/send',
  body: '',
};

/** The answer of a route that throws. */
function answerTo(error: Error, over: Partial<BatchedCall> = {}) {
  const handle = async () => {
    throw error;
  };
  const answerCall = createAnswerCall({
    routes: [hopRoute({ method: 'POST', path: '/send', answer: z.null(), status: 200, handle })],
    clock: { now: () => NOW, serverNow: () => NOW },
    logger: createLogger({ service: 'test', level: 'silent' }),
    recordRequest: () => {},
  });
  return answerCall({ ...call, ...over });
}

test('tells the gateway, and not the caller, that a refused call did nothing and never will', async () => {
  const answer = await answerTo(new AppError('unavailable', { detail: 'No room.', nothingDone: true }));
  expect(answer).toMatchObject({ status: 503, nothingDone: true });
  expect(answer.body).not.toContain('othing');
});

test('says so of a call that came too late, and of no failure whose outcome is not known', async () => {
  const late = await answerTo(new Error('never reached'), { deadline: NOW - 1 });
  expect(late).toMatchObject({ status: 503, nothingDone: true });
  for (const error of [new AppError('unavailable', { detail: 'Redis does not answer.' }), new Error('broken')]) {
    expect(await answerTo(error)).not.toHaveProperty('nothingDone');
  }
});
