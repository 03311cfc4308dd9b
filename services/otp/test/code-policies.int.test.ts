import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newNumber, type StartedOtp, startOtp } from './started-otp.fixture.ts';

let otp: StartedOtp;
beforeAll(async () => {
  otp = await startOtp();
});
afterAll(() => otp.close());
beforeEach(() => otp.newProject());

const secondsUntil = (time: unknown) => Math.round((Date.parse(String(time)) - Date.now()) / 1000);
const codeOf = async (body: Record<string, unknown>) => (await otp.claim(body)).code;

test("a purpose's policy says what its codes look like, how long they live, and how often they are checked and sent", async () => {
  await otp.publish({
    policies: {
      payout: {
        code_length: 9,
        code_alphabet: 'alphanumeric',
        code_ttl_seconds: 60,
        checks_max: 2,
        sends_max: 7,
        pacing_seconds: [30],
      },
    },
  });
  const { body } = await otp.open(newNumber(), { purpose: 'payout' });
  expect(body).toMatchObject({ sends_remaining: 6, checks_remaining: 2 });
  expect(secondsUntil(body.expires_at)).toBe(60);
  expect(secondsUntil(body.resend_at)).toBe(30);
  expect(await codeOf(body)).toMatch(/^[2-9A-HJ-NP-Z]{9}$/);
  const { body: other } = await otp.open(newNumber(), { purpose: 'login' });
  expect(other).toMatchObject({ sends_remaining: 4, checks_remaining: 3 });
  expect(secondsUntil(other.expires_at)).toBe(300);
  expect(await codeOf(other)).toMatch(/^\d{6}$/);
});

test('a purpose may be named like anything that objects have', async () => {
  await otp.publish({ policies: { login: { code_length: 10 } } });
  for (const purpose of ['constructor', 'valueof']) {
    const { body } = await otp.open(newNumber(), { purpose });
    expect(await codeOf(body)).toMatch(/^\d{6}$/);
  }
});

test('a policy of `verification` and one of `registration` are the same', async () => {
  await otp.publish({ policies: { verification: { code_length: 8 } } });
  for (const purpose of ['verification', 'registration']) {
    expect(await codeOf((await otp.open(newNumber(), { purpose })).body)).toHaveLength(8);
  }
});

test.each(['login', 'transaction'])(
  'overlap of %s: an older code verifies, but never for a transaction',
  async (purpose) => {
    await otp.publish({ policies: { [purpose]: { resend_mode: 'overlap' } } });
    const { body } = await otp.open(newNumber(), { purpose });
    const older = await codeOf(body);
    await otp.resend(body.id);
    expect((await otp.check(body.id, older)).body).toMatchObject({ valid: purpose === 'login' });
  },
);

test('a call carries the epoch under which it was admitted, and the policy of that holds', async () => {
  await otp.publish({ policies: { login: { code_length: 7 } } });
  const number = newNumber();
  expect(await codeOf((await otp.open(number)).body)).toHaveLength(7);
  await otp.publish({ policies: { login: { code_length: 8 } } });
  expect(await codeOf((await otp.open(newNumber())).body)).toHaveLength(8);
  // One that was admitted before the change is judged by no older copy than its own.
  expect(await codeOf((await otp.open(newNumber(), {}, { epoch: 1 })).body)).toHaveLength(8);
});

test('an epoch that Redis does not have yet is waited for by the caller', async () => {
  await otp.publish({});
  expect(await otp.open(newNumber(), {}, { epoch: 9 })).toMatchObject({ status: 503, body: { code: 'unavailable' } });
});

test('another code is of the policy as it is now; life and checks were frozen at the opening', async () => {
  await otp.publish({ policies: { payout: { code_length: 7, code_ttl_seconds: 120, checks_max: 5, sends_max: 3 } } });
  const number = newNumber();
  const { body: opened } = await otp.open(number, { purpose: 'payout' });
  expect(await codeOf(opened)).toHaveLength(7);
  await otp.publish({
    policies: {
      payout: { code_length: 10, code_ttl_seconds: 600, checks_max: 1, sends_max: 9, pacing_seconds: [0, 40] },
    },
  });
  const { body: resent } = await otp.resend(opened.id);
  expect(await codeOf(resent)).toHaveLength(10);
  expect(resent).toMatchObject({ sends_remaining: 7, checks_remaining: 5 });
  expect(secondsUntil(resent.expires_at)).toBe(120);
  expect(secondsUntil(resent.resend_at)).toBe(40);
  // A second call for the destination is a resend, too, and paced alike.
  expect(await otp.open(number, { purpose: 'payout' })).toMatchObject({ status: 429, body: { limit: 'pacing' } });
});

test('what an earlier version opened is resent under the policy of its purpose', async () => {
  await otp.publish({ policies: { payout: { code_length: 9 } } });
  const { body } = await otp.open(newNumber(), { purpose: 'payout' });
  await otp.redis.hdel(await keyOf(body.id), 'C');
  expect(await codeOf((await otp.resend(body.id)).body)).toHaveLength(9);
});

async function keyOf(id: unknown): Promise<string> {
  const nodes = 'nodes' in otp.redis ? otp.redis.nodes('master') : [otp.redis];
  const keys = await Promise.all(nodes.map((node) => node.keys(`*:v:${String(id).slice(4)}`)));
  return keys.flat()[0] ?? '';
}

test('without a copy the defaults hold, and wrong checks in a row are counted alike for all', async () => {
  const { body } = await otp.open(newNumber());
  expect(body).toMatchObject({ sends_remaining: 4, checks_remaining: 3 });
  expect(await codeOf(body)).toHaveLength(6);
});
