import { expect, test } from 'vitest';
import type { HopCall, HopOutcome } from '../ports.ts';
import { createReadJwks } from './read-jwks.ts';

const keySet = (kid: string) => ({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid, alg: 'EdDSA', use: 'sig' }] });
const answered = (kid: string): HopOutcome => ({
  outcome: 'answered',
  status: 200,
  contentType: 'application/json',
  body: JSON.stringify(keySet(kid)),
});
const away: HopOutcome = { outcome: 'unanswered', reason: 'otp is out of reach', isSent: false };

function start() {
  let now = 1_000_000;
  const calls: HopCall[] = [];
  const otp = { answer: answered('first') };
  const hop = {
    forward: async (call: HopCall) => {
      calls.push(call);
      return otp.answer;
    },
  };
  const clock = { now: () => now, serverNow: () => now };
  const read = createReadJwks({ hop, clock, requestTimeoutMs: 800 });
  return { otp, calls, read, travel: (ms: number) => (now += ms), kid: async () => (await read())?.keys[0]?.kid };
}

test('a flood of reads asks otp once a minute', async () => {
  const { otp, calls, kid, travel } = start();
  expect(new Set(await Promise.all(Array.from({ length: 100 }, kid)))).toEqual(new Set(['first']));
  otp.answer = answered('second');
  travel(59_999);
  expect(await kid()).toBe('first');
  expect(calls).toHaveLength(1);
  travel(1);
  expect(await kid()).toBe('second');
  expect(calls).toHaveLength(2);
});

test('while otp is away the last keys serve, and it is asked once a second', async () => {
  const { otp, calls, kid, travel } = start();
  await kid();
  otp.answer = away;
  travel(60_000);
  expect(await Promise.all([kid(), kid(), kid()])).toEqual(['first', 'first', 'first']);
  expect(calls).toHaveLength(2);
  travel(1_000);
  otp.answer = answered('second');
  expect(await kid()).toBe('second');
});

test('without any keys yet there is no answer, and the next second may bring one', async () => {
  const { otp, read, kid, travel } = start();
  otp.answer = away;
  expect(await read()).toBeNull();
  otp.answer = answered('first');
  expect(await read()).toBeNull();
  travel(1_000);
  expect(await kid()).toBe('first');
});
