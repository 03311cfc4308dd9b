import { createHash, createHmac } from 'node:crypto';
import type { DeliveryConfig, Mode, ReceiptCall, ReceiptProvider } from '@watchword/contracts';
import { type Circuit, createCircuit, createMessageMap } from '@watchword/delivery';
import { createRedisClock, type RedisClock } from '@watchword/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sandboxTokenOf } from './hop.fixture.ts';
import { RECEIPTS_URL, receiptCall } from './signed-receipts.fixture.ts';
import { newNumber, type StartedOtp, startOtp } from './started-otp.fixture.ts';

type Provider = DeliveryConfig['providers'][number];

const PLATFORM = 'of-the-platform';
const WEBHOOK_SECRET = 'a-secret-of-the-platform';

/** Nothing of the accounts but what receipts are judged by. */
let otp: StartedOtp;
beforeAll(async () => {
  otp = await startOtp({
    RECEIPTS_URL,
    WHATSAPP_CLOUD_APP_SECRET: PLATFORM,
    WHATSAPP_CLOUD_VERIFY_TOKEN: 'verify-the-platform',
    WATI_WEBHOOK_SECRET: WEBHOOK_SECRET,
    VONAGE_MESSAGES_SIGNATURE_SECRET: PLATFORM,
  });
});
afterAll(() => otp.close());
beforeEach(() => otp.newProject());

/** An attempt whose provider took the message; of the project that is now. */
async function attempted(mode: Mode = 'live') {
  const { body } = await otp.open(newNumber(), { channel: 'whatsapp' }, { mode });
  const claimed = await otp.claim(body);
  await otp.settle(claimed, 'accepted');
  return { id: body.id, mode, project: otp.project(), attemptId: claimed.attempt.id };
}
async function statusOf({ id, mode, project }: Awaited<ReturnType<typeof attempted>>) {
  const { body } = await otp.hop({ method: 'GET', mode, project, path: `/v1/verifications/${String(id)}` });
  return (body.deliveries as { status: string }[])[0]?.status;
}

async function receive(provider: ReceiptProvider, reference: string, change: Partial<ReceiptCall>) {
  // Providers carry no key: the gateway names no project of theirs.
  const path = `/receipts/${provider}/${reference}`;
  const { status, body } = await otp.hop({ path, body: receiptCall(change), project: '-', mode: 'test', epoch: 0 });
  return [status, body.results ?? body.challenge ?? body.code];
}
const REFUSED = [403, 'invalid_signature'];

/** As Meta tells of messages, signed with the app's secret; `upTo` so many bytes. */
function metaCall(
  secret: string,
  statuses: readonly (readonly [string, string])[],
  { errorCode, upTo = 0 }: { readonly errorCode?: number; readonly upTo?: number } = {},
): Partial<ReceiptCall> {
  const errors = errorCode === undefined ? {} : { errors: [{ code: errorCode }] };
  const told = statuses.map(([attemptId, status]) => ({
    id: 'wamid.1',
    status,
    biz_opaque_callback_data: attemptId,
    ...errors,
  }));
  const body = Buffer.from(JSON.stringify({ entry: [{ changes: [{ value: { statuses: told } }] }] }).padEnd(upTo));
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return { headers: { 'x-hub-signature-256': `sha256=${signature}` }, body: body.toString('base64') };
}
const handshake = (token: string): Partial<ReceiptCall> => ({
  method: 'GET',
  query: `hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`,
});
/** As WATI tells of a message, by its own id. */
const watiCall = (messageId: string, eventType: string): Partial<ReceiptCall> => ({
  body: Buffer.from(JSON.stringify({ eventType, localMessageId: messageId })).toString('base64'),
});

const metaAccount = (mode: Mode, name: string) =>
  otp.provider(
    'whatsapp_cloud',
    mode,
    { phone_number_id: '1234567890', template: 'otp' },
    { access_token: 'x', app_secret: `secret-of-${name}`, verify_token: `verify-${name}` },
  );
const watiAccount = (name: string) =>
  otp.provider(
    'wati',
    'live',
    { base_url: 'https://wati.example.com' },
    { access_token: 'x', webhook_secret: `a-secret-of-the-${name}` },
  );
const referenceOf = ({ id }: Provider) => `${otp.project()}.${id}`;

describe("the platform's account at Meta", () => {
  test('tells of any number of attempts in one call, of whichever projects', async () => {
    const first = await attempted();
    otp.newProject();
    const second = await attempted();
    const told = metaCall(PLATFORM, [
      [first.attemptId, 'read'],
      [second.attemptId, 'failed'],
      [`att_${'7'.repeat(26)}-1-1`, 'delivered'],
    ]);
    expect(await receive('whatsapp_cloud', 'platform', told)).toEqual([200, ['applied', 'applied', 'unmatched']]);
    expect([await statusOf(first), await statusOf(second)]).toEqual(['read', 'undelivered']);
    const again = [200, ['duplicate', 'duplicate', 'unmatched']];
    expect(await receive('whatsapp_cloud', 'platform', told)).toEqual(again);
  });

  test('is not believed with another signature, nor on an attempt’s URL, nor on a project’s', async () => {
    const attempt = await attempted();
    const told: [string, string][] = [[attempt.attemptId, 'delivered']];
    expect(await receive('whatsapp_cloud', 'platform', metaCall('another', told))).toEqual(REFUSED);
    expect(await receive('whatsapp_cloud', attempt.attemptId, metaCall(PLATFORM, told))).toEqual(REFUSED);
    const account = metaAccount('live', 'a');
    await otp.publish({}, { providers: [account] });
    expect(await receive('whatsapp_cloud', referenceOf(account), metaCall(PLATFORM, told))).toEqual(REFUSED);
    expect(await statusOf(attempt)).toBe('accepted');
  });

  test('speaks of live verifications, and the sandbox’s of those of test mode', async () => {
    const boxed = await attempted('test');
    const sandbox = sandboxTokenOf('platform');
    const told: [string, string][] = [[boxed.attemptId, 'delivered']];
    expect(await receive('whatsapp_cloud', 'platform', metaCall(PLATFORM, told))).toEqual(REFUSED);
    expect(await receive('whatsapp_cloud', 'platform', metaCall('sandbox', told))).toEqual(REFUSED);
    expect(await receive('whatsapp_cloud', 'platform', metaCall(sandbox, told))).toEqual([200, ['applied']]);
    const live = await attempted();
    expect(await receive('whatsapp_cloud', 'platform', metaCall(sandbox, [[live.attemptId, 'read']]))).toEqual(REFUSED);
    expect(await statusOf(live)).toBe('accepted');
  });

  test('may tell of a thousand messages in its largest call, of 3 MiB', async () => {
    const attempts = [await attempted(), await attempted()];
    const others = Array.from({ length: 998 }, (_, index) => [`att_${'7'.repeat(26)}-1-${index + 1}`, 'read'] as const);
    const told = attempts.map(({ attemptId }) => [attemptId, 'delivered'] as const);
    const call = metaCall(PLATFORM, [...told, ...others], { upTo: 3 * 1024 * 1024 });
    expect(Buffer.from(call.body ?? '', 'base64')).toHaveLength(3 * 1024 * 1024);
    const results = [...told.map(() => 'applied'), ...others.map(() => 'unmatched')];
    expect(await receive('whatsapp_cloud', 'platform', call)).toEqual([200, results]);
    expect(await Promise.all(attempts.map(statusOf))).toEqual(['delivered', 'delivered']);
  });

  test('a call that tells of none of our messages is taken', async () => {
    expect(await receive('whatsapp_cloud', 'platform', metaCall(PLATFORM, []))).toEqual([200, []]);
  });

  test('shows by its verify token that the URL is ours', async () => {
    expect(await receive('whatsapp_cloud', 'platform', handshake('verify-the-platform'))).toEqual([200, '1158201444']);
    expect(await receive('whatsapp_cloud', 'platform', handshake('another'))).toEqual(REFUSED);
    expect(await receive('wati', 'platform', handshake('verify-the-platform'))).toEqual(REFUSED);
  });
});

describe("a project's account at Meta", () => {
  test('is verified and believed on its own URL', async () => {
    const account = metaAccount('live', 'a');
    await otp.publish({}, { providers: [account] });
    const reference = referenceOf(account);
    expect(await receive('whatsapp_cloud', reference, handshake('verify-a'))).toEqual([200, '1158201444']);
    expect(await receive('whatsapp_cloud', reference, handshake('verify-b'))).toEqual(REFUSED);
    const attempt = await attempted();
    const told = metaCall('secret-of-a', [[attempt.attemptId, 'delivered']]);
    expect(await receive('whatsapp_cloud', reference, told)).toEqual([200, ['applied']]);
    expect(await statusOf(attempt)).toBe('delivered');
  });

  test('speaks of no attempt of another project', async () => {
    const foreign = await attempted();
    otp.newProject();
    const account = metaAccount('live', 'a');
    await otp.publish({}, { providers: [account] });
    const own = await attempted();
    const reference = referenceOf(account);
    const alone = metaCall('secret-of-a', [[foreign.attemptId, 'delivered']]);
    expect(await receive('whatsapp_cloud', reference, alone)).toEqual(REFUSED);
    const both = metaCall('secret-of-a', [
      [foreign.attemptId, 'delivered'],
      [own.attemptId, 'delivered'],
    ]);
    expect(await receive('whatsapp_cloud', reference, both)).toEqual([200, ['forged', 'applied']]);
    expect([await statusOf(foreign), await statusOf(own)]).toEqual(['accepted', 'delivered']);
  });

  test('is believed on no other account’s URL, and neither is one that there is not', async () => {
    const [mine, other] = [metaAccount('live', 'a'), metaAccount('live', 'b')];
    await otp.publish({}, { providers: [mine, other] });
    const { attemptId } = await attempted();
    const told = metaCall('secret-of-a', [[attemptId, 'delivered']]);
    const made = [referenceOf(other), `${otp.project()}.prv_${'7'.repeat(26)}`, `nobody.${mine.id}`];
    for (const reference of made) expect(await receive('whatsapp_cloud', reference, told)).toEqual(REFUSED);
    expect(await receive('wati', referenceOf(mine), told)).toEqual(REFUSED);
  });

  test('at the sandbox signs with the token of that account', async () => {
    const account = metaAccount('test', 'a');
    await otp.publish({}, { providers: [account] });
    const { attemptId } = await attempted('test');
    const told = (secret: string) => metaCall(secret, [[attemptId, 'delivered']]);
    expect(await receive('whatsapp_cloud', referenceOf(account), told(sandboxTokenOf('platform')))).toEqual(REFUSED);
    expect(await receive('whatsapp_cloud', referenceOf(account), told(`sandbox-${account.id}`))).toEqual(REFUSED);
    expect(await receive('whatsapp_cloud', referenceOf(account), told(sandboxTokenOf(account.id)))).toEqual([
      200,
      ['applied'],
    ]);
  });
});

describe('WATI, which repeats nothing of ours,', () => {
  const messages = () => createMessageMap({ redis: otp.redis });
  let count = 0;
  const newMessage = () => `${otp.project()}-${++count}`;

  test('is believed by the end of its URL, about a message that is known to be an attempt’s', async () => {
    const account = watiAccount('a');
    await otp.publish({}, { providers: [account] });
    for (const [reference, secret, circuit] of [
      ['platform', WEBHOOK_SECRET, 'wati'],
      [referenceOf(account), 'a-secret-of-the-a', account.id],
    ] as const) {
      const attempt = await attempted();
      const messageId = newMessage();
      await messages().bind({ account: circuit, messageId }, attempt.attemptId);
      const told = watiCall(messageId, 'sentMessageDELIVERED_v2');
      for (const end of ['', '.another-secret-of-16', `.${secret}x`]) {
        expect(await receive('wati', reference + end, told)).toEqual(REFUSED);
      }
      expect(await statusOf(attempt)).toBe('accepted');
      expect(await receive('wati', `${reference}.${secret}`, told)).toEqual([200, ['applied']]);
      expect(await statusOf(attempt)).toBe('delivered');
    }
  });

  test('is believed at the sandbox only with what this installation’s key makes: nobody can fill Redis from outside', async () => {
    const secretOf = (token: string) => createHash('sha256').update(`wati ${token}`).digest('base64url');
    const told = (token: string) =>
      receive('wati', `platform.${secretOf(token)}`, watiCall(newMessage(), 'sentMessageREAD'));
    expect(await told('sandbox')).toEqual(REFUSED);
    expect(await told(sandboxTokenOf('platform'))).toEqual([200, ['parked']]);
  });

  test('may be earlier than what we know of the message: its word waits, and tells nothing of the account', async () => {
    const messageId = newMessage();
    await otp.redis.del('ww:{h:wati}');
    const reference = `platform.${WEBHOOK_SECRET}`;
    expect(await receive('wati', reference, watiCall(messageId, 'sentMessageREAD_v2'))).toEqual([200, ['parked']]);
    expect(await otp.redis.exists('ww:{h:wati}')).toBe(0);
    const { attemptId } = await attempted();
    const parked = await messages().bind({ account: 'wati', messageId }, attemptId);
    expect(parked).toMatchObject([{ mode: 'live', status: 'read', circuit: 'wati' }]);
  });
});

test('Vonage’s Messages API is believed by the token of its call, about the attempt of its URL', async () => {
  const attempt = await attempted();
  const other = await attempted();
  const told = (secret: string) => {
    const body = JSON.stringify({ client_ref: attempt.attemptId, status: 'delivered', channel: 'whatsapp' });
    const hash = createHash('sha256').update(body).digest('hex');
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iat: Math.floor(Date.now() / 1000), payload_hash: hash, api_key: 'abcd1234' };
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
    const signature = createHmac('sha256', secret).update(signed).digest('base64url');
    return { headers: { authorization: `Bearer ${signed}.${signature}` }, body: Buffer.from(body).toString('base64') };
  };
  expect(await receive('vonage_messages', attempt.attemptId, told('another'))).toEqual(REFUSED);
  expect(await receive('vonage_messages', other.attemptId, told(PLATFORM))).toEqual(REFUSED);
  expect(await receive('vonage_messages', attempt.attemptId, told(PLATFORM))).toEqual([200, ['applied']]);
  expect([await statusOf(attempt), await statusOf(other)]).toEqual(['delivered', 'accepted']);
});

describe('what a call tells', () => {
  let clock: RedisClock;
  let circuit: Circuit;
  beforeAll(async () => {
    clock = await createRedisClock(otp.redis);
    circuit = createCircuit({ redis: otp.redis, clock, probeLeaseMs: 0 });
  });
  afterAll(() => clock[Symbol.dispose]());

  test('of several messages feeds the circuit of its account', async () => {
    const account = metaAccount('live', 'a');
    await otp.publish({}, { providers: [account] });
    const attempts = [await attempted(), await attempted(), await attempted()];
    const told = metaCall(
      'secret-of-a',
      attempts.map(({ attemptId }) => [attemptId, 'delivered'] as const),
    );
    expect(await receive('whatsapp_cloud', referenceOf(account), told)).toEqual([200, Array(3).fill('applied')]);
    const { calls, failures } = await circuit.read(account.id);
    expect({ calls, failures }).toEqual({ calls: 3, failures: 0 });
  });

  test('may open that circuit, which is counted with its channel', async () => {
    const account = metaAccount('live', 'a');
    await otp.publish({}, { providers: [account] });
    // One less than are judged.
    for (let count = 0; count < 19; count += 1) await circuit.observe(account.id, 'unhealthy');
    const { attemptId } = await attempted();
    const told = metaCall('secret-of-a', [[attemptId, 'failed']], { errorCode: 131042 });
    expect(await receive('whatsapp_cloud', referenceOf(account), told)).toEqual([200, ['applied']]);
    const metrics = await (await fetch(`${otp.adminUrl}/metrics`)).text();
    expect(metrics).toContain(
      'watchword_circuit_transitions_total{provider="whatsapp_cloud",mode="live",channel="whatsapp",to="open",reason="failure_rate"',
    );
  });
});
