import { randomBytes } from 'node:crypto';
import { Secret } from '@watchword/platform';
import { expect, it } from 'vitest';
import { createOtpHop } from '../src/hop/otp-hop.ts';
import { startOtpStandIn } from './otp-stand-in.fixture.ts';

const context = { requestId: 'r', project: 'p', mode: 'test', operation: '', deadline: 0 } as const;

it('never sends a call that waited for a connection until its deadline', async () => {
  const hopKey = new Secret(randomBytes(32));
  const otp = await startOtpStandIn(hopKey);
  const hop = createOtpHop({ url: otp.url, hopKey });
  const forward = (path: string, timeLeftMs: number) =>
    hop.forward({ method: 'GET', path, body: '', context, timeLeftMs });
  otp.answer = () => {};
  // Every connection is taken until 450 ms by a call that hangs; of the others, half are cut by then, half only too late.
  const hanging = Array.from({ length: 128 }, () => forward('/hangs', 400));
  const waiting = Array.from({ length: 20 }, (_, index) => forward('/waits', index < 10 ? 100 : 425));
  const outcomes = await Promise.all([...hanging, ...waiting]);
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['unanswered']));
  otp.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  expect(await forward('/last', 1_000)).toMatchObject({ outcome: 'answered', status: 200 });
  expect(otp.calls.filter(({ path }) => path === '/waits')).toEqual([]);
  await hop.close();
  await otp.close();
});
