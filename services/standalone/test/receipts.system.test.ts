import { eventually, freshNumber, type Platform, readWholeRedis, redisPidOf, startPlatform } from '@watchword/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterEach(() => platform.clearFaults());
afterAll(() => platform.stop());

const read = async (id: string) => (await platform.call('GET', `/v1/verifications/${id}`)).body;
const statusOf = async (id: string) => (await read(id)).deliveries[0]?.status;
const eventsOf = async (id: string, type: string) =>
  (await platform.timeline(id)).body.events.flatMap((event) => (event.type === type ? [event.data] : []));

const reaches = (id: string, status: string) =>
  eventually(`the delivery ${status}`, 10_000, async () => ((await statusOf(id)) === status ? true : undefined));

async function send(): Promise<{ id: string; to: string }> {
  const to = freshNumber();
  const { body } = await platform.open(to);
  await platform.waitForMessage(to);
  return { id: body.id, to };
}

/** How many receipts had this result so far. */
async function counted(result: string): Promise<number> {
  const metrics = await (await fetch(platform.file.metrics.otp ?? '')).text();
  const lines = [...metrics.matchAll(/watchword_receipts_total\{([^}]*)\} (\d+)/g)];
  return lines.reduce(
    (sum, [, labels, count]) => sum + (labels?.includes(`result="${result}"`) ? Number(count) : 0),
    0,
  );
}

describe.each([
  { provider: 'twilio', words: ['sent', 'delivered'] },
  { provider: 'vonage', words: ['delivered'] },
] as const)('through $provider', ({ provider, words }) => {
  const usesProvider = async () => {
    if (provider === 'vonage') await platform.setFault('twilio', { mode: 'auth', count: 1 });
  };

  test('a message that arrived is delivered, in the timeline and when read', async () => {
    await usesProvider();
    const { id } = await send();
    await reaches(id, 'delivered');
    const told = (await eventsOf(id, 'receipt.received')).map((data) => data.status);
    expect(told).toEqual(words);
    expect((await eventsOf(id, 'receipt.received')).at(-1)).toMatchObject({
      provider,
      delivery: `del_${id.slice(4)}-1`,
      delivery_status: 'delivered',
    });
    expect(await read(id)).toMatchObject({ status: 'pending', undeliverable: false });
  });

  test('a receipt with a wrong signature is refused and changes nothing', async () => {
    await usesProvider();
    await platform.setFault(provider, { mode: 'ok', receipt: { mode: 'bad_signature', delay_ms: 1_000 } });
    const forged = await counted('forged');
    const { id } = await send();
    await reaches(id, 'accepted');
    const state = async () => {
      const places = await readWholeRedis(platform.file.redis);
      const hash = places.filter(([where]) => where.endsWith(`:v:${id.slice(4)}`)).map(([, bytes]) => String(bytes));
      return { hash, events: (await platform.timeline(id)).body.events };
    };
    const before = await state();
    expect(before.hash.join().length).toBeGreaterThan(100);
    await eventually('the forged receipts', 10_000, async () =>
      (await counted('forged')) === forged + words.length ? true : undefined,
    );
    expect(await state()).toEqual(before);
  });
});

test('late, duplicate and disordered receipts end as delivered, each word told once', async () => {
  for (const mode of ['duplicate_receipt', 'out_of_order', 'late_receipt']) {
    await platform.setFault('twilio', { mode: 'ok', count: 1, receipt: { mode, delay_ms: 200 } });
    const before = (await counted('duplicate')) + (await counted('late'));
    const { id } = await send();
    await reaches(id, 'delivered');
    const repeats = { duplicate_receipt: 2, out_of_order: 1 }[mode] ?? 0;
    await eventually('the repeats', 10_000, async () =>
      (await counted('duplicate')) + (await counted('late')) >= before + repeats ? true : undefined,
    );
    const words = (await eventsOf(id, 'receipt.received')).map(({ status }) => status);
    expect(new Set(words).size).toBe(words.length);
    expect(await statusOf(id)).toBe('delivered');
  }
});

test('an undelivered message is undeliverable, with the provider’s code', async () => {
  await platform.setFault('twilio', { mode: 'ok', count: 1, receipt: { mode: 'undelivered', code: 30_005 } });
  const { id } = await send();
  await reaches(id, 'undelivered');
  expect(await read(id)).toMatchObject({ undeliverable: true });
  expect((await eventsOf(id, 'receipt.received')).at(-1)).toMatchObject({
    provider_code: '30005',
    delivery_status: 'undelivered',
  });
});

test('an early receipt of a message whose answer was lost is joined: delivered, and not sent a second time', async () => {
  await platform.setFault('twilio', { mode: 'lost_answer', count: 1, receipt: { mode: 'early_receipt' } });
  const { id, to } = await send();
  await reaches(id, 'delivered');
  expect(await eventsOf(id, 'attempt.settled')).toMatchObject([{ outcome: 'unknown' }]);
  expect(await eventsOf(id, 'delivery.ended')).toMatchObject([{ status: 'delivered' }]);
  expect(await platform.inbox(to)).toHaveLength(1);
});

test('a made-up receipt is refused, and while Redis is away each is answered 503 at once', async () => {
  const { id } = await send();
  await reaches(id, 'delivered');
  const post = async (attempt: string) => {
    const startedAt = performance.now();
    const url = `${platform.file.gateway ?? ''}/receipts/twilio/${attempt}`;
    const { status } = await fetch(url, { method: 'POST', body: new URLSearchParams({ MessageStatus: 'read' }) });
    return { status, ms: performance.now() - startedAt };
  };
  const attempt = `att_${id.slice(4)}-1-1`;
  expect(await post(`att_${'7'.repeat(26)}-1-1`)).toMatchObject({ status: 404 });
  expect(await post(attempt)).toMatchObject({ status: 403 });
  // What the sandbox signed, sent again while Redis says nothing.
  await platform.setFault('twilio', { mode: 'ok', count: 1, receipt: { mode: 'late_receipt', delay_ms: 3_000 } });
  const late = await send();
  await reaches(late.id, 'accepted');
  const unavailable = () => {
    const lines = platform.standalone
      .output()
      .split('\n')
      .filter((line) => line.includes('"status":503'));
    return lines.filter((line) => line.includes('/receipts/')).length;
  };
  const before = unavailable();
  const redisPid = redisPidOf(platform);
  process.kill(redisPid, 'SIGSTOP');
  try {
    await eventually('a receipt answered 503', 10_000, async () => (unavailable() > before ? true : undefined));
  } finally {
    process.kill(redisPid, 'SIGCONT');
  }
  expect((await eventsOf(late.id, 'receipt.received')).length).toBeLessThanOrEqual(2);
});
