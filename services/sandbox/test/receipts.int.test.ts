import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postTwilio, postTwilioCall, postVonage, postWati, postWhatsAppCloud } from './provider-posts.ts';
import { ATTEMPT, CALLBACK_PATH, RECEIPT_WIRES } from './receipt-wires.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type RunningSandbox, startSandbox } from './running-sandbox.ts';

let sandbox: RunningSandbox;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startSandbox({ RECEIPTS_URL: `${receiver.url}/` });
});
beforeEach(async () => {
  await sandbox.call('DELETE', '/api/faults');
  await sandbox.call('DELETE', '/api/messages');
  receiver.received.length = 0;
  receiver.isDumb = false;
});
afterAll(async () => {
  await sandbox.service.close();
  await receiver.close();
});

const sendByTwilio = (url = receiver.url + CALLBACK_PATH, of = sandbox) => postTwilio(of.url, { StatusCallback: url });

describe.each(RECEIPT_WIRES)('$name', (wire) => {
  const { provider, story } = wire;
  const send = () => wire.send(sandbox.url, receiver.url);
  const statuses = () => receiver.received.map((one) => wire.statusOf(one));
  const genuine = () => receiver.received.map((one) => wire.isGenuine(one, receiver.url));
  const set = (receipt: object, mode = 'ok') => sandbox.setFault(provider, { mode, receipt });

  it('tells, signed, that a message it took was delivered', async () => {
    expect((await send()).ok).toBe(true);
    await expect.poll(statuses).toEqual(story);
    expect(genuine()).toEqual(story.map(() => true));
    const [message] = await sandbox.messages();
    for (const one of receiver.received) {
      const { id, reference = ATTEMPT } = wire.joins(one);
      expect({ id, reference }).toEqual({ id: message?.id, reference: ATTEMPT });
    }
  });

  it('shows in the inbox what it told, when, and how it was answered', async () => {
    await send();
    const receipts = async () => (await sandbox.messages())[0]?.receipts;
    await expect.poll(receipts).toHaveLength(story.length);
    expect(await receipts()).toMatchObject(story.map((status) => ({ status, answered: 204 })));
  });

  it('tells nothing of a message that it refused', async () => {
    await sandbox.setFault(provider, { mode: 'down', count: 1 });
    await send();
    await send();
    await expect.poll(statuses).toEqual(story);
  });

  it.each([
    [{ mode: 'duplicate_receipt' }, story.flatMap((word) => [word, word])],
    [{ mode: 'out_of_order' }, [story.at(-1), wire.sent]],
    [{ mode: 'undelivered' }, [...story.slice(0, -1), wire.undelivered]],
    [{ mode: 'read' }, [...story, ...(wire.read === undefined ? [] : [wire.read])]],
  ])('in mode %j tells the story %j', async (receipt, wanted) => {
    await set(receipt);
    await send();
    await expect.poll(statuses).toEqual(wanted);
    expect(genuine().every(Boolean)).toBe(true);
  });

  it('gives an error code with undelivered, its own or the one that was set', async () => {
    const told = () => receiver.received.filter((one) => wire.statusOf(one) === wire.undelivered);
    await set({ mode: 'undelivered' });
    await send();
    await expect.poll(told).toHaveLength(1);
    await set({ mode: 'undelivered', code: 8 });
    await send();
    await expect.poll(told).toHaveLength(2);
    expect(told().map((one) => wire.codeOf(one))).toEqual([wire.usualCode, '8']);
  });

  it('in mode no_receipt tells nothing, and after it all again', async () => {
    await sandbox.setFault(provider, { mode: 'ok', count: 1, receipt: { mode: 'no_receipt' } });
    await send();
    await send();
    await expect.poll(statuses).toEqual(story);
  });

  it('in mode early_receipt tells all before it answers the send', async () => {
    await set({ mode: 'early_receipt' });
    await send();
    expect(statuses()).toEqual(story);
  });

  it('in mode late_receipt waits first', async () => {
    await set({ mode: 'late_receipt', delay_ms: 400 });
    await send();
    const answeredAt = performance.now();
    expect(statuses()).toEqual([]);
    await expect.poll(statuses).toEqual(story);
    expect(performance.now() - answeredAt).toBeGreaterThan(350);
  });

  it('in mode bad_signature vouches for it with another secret', async () => {
    await set({ mode: 'bad_signature' });
    await send();
    await expect.poll(statuses).toEqual(story);
    expect(genuine()).toEqual(story.map(() => false));
  });

  it('tells of a message whose answer was lost', async () => {
    await set({ mode: 'early_receipt' }, 'lost_answer');
    await expect(send()).rejects.toThrow();
    expect(statuses()).toEqual(story);
  });
});

it.each(
  RECEIPT_WIRES.flatMap((wire) => (wire.sendSilently === undefined ? [] : [{ ...wire, post: wire.sendSilently }])),
)('$name tells nothing when the send asked for no receipts', async (wire) => {
  await wire.post(sandbox.url);
  await wire.send(sandbox.url, receiver.url);
  await expect.poll(() => receiver.received.map((one) => wire.statusOf(one))).toEqual(wire.story);
  expect((await sandbox.messages())[1]?.receipts).toEqual([]);
});

it('tells of a call what was asked for: only its end when nothing was', async () => {
  const statuses = () => receiver.received.map(({ body }) => new URLSearchParams(body).get('CallStatus'));
  const StatusCallback = receiver.url + CALLBACK_PATH;
  await postTwilioCall(sandbox.url, { StatusCallback });
  await expect.poll(statuses).toEqual(['completed']);
  receiver.received.length = 0;
  const StatusCallbackEvent = ['initiated', 'ringing', 'answered', 'completed'];
  await postTwilioCall(sandbox.url, { StatusCallback, StatusCallbackEvent });
  await expect.poll(statuses).toEqual(['initiated', 'ringing', 'in-progress', 'completed']);
  const numbers = receiver.received.map(({ body }) => new URLSearchParams(body).get('SequenceNumber'));
  expect(numbers).toEqual(['0', '1', '2', '3']);
});

describe('a provider that calls one URL per account', () => {
  const account = `default.prv_${'0'.repeat(26)}`;

  it('calls that of the account which the wire’s path names', async () => {
    const post = (path: string, body: object) =>
      fetch(sandbox.url + path, {
        method: 'POST',
        headers: { authorization: 'Bearer s', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await post(`/v25.0/${account}/messages`, {
      messaging_product: 'whatsapp',
      to: '14155550123',
      text: { body: 'hello' },
    });
    await expect
      .poll(() => receiver.received.map(({ path }) => path))
      .toEqual(Array.from({ length: 2 }, () => `/receipts/whatsapp_cloud/${account}`));
    receiver.received.length = 0;
    await post(`/${account}/api/v1/sendTemplateMessage?whatsappNumber=14155550123`, {
      template_name: 'login_otp',
      broadcast_name: 'login_otp',
    });
    await expect.poll(() => receiver.received).toHaveLength(2);
    expect(receiver.received[0]?.path).toMatch(new RegExp(`^/receipts/wati/${account}\\.[\\w-]{43}$`));
  });

  it('calls nobody when nobody said where the gateway is', async () => {
    const own = await startSandbox();
    await postWhatsAppCloud(own.url);
    await postWati(own.url);
    await own.service.close();
    expect(own.log.join('')).not.toContain('receipt');
    expect(receiver.received).toEqual([]);
  });
});

it('posts to this machine only, unless a host is named', async () => {
  for (const url of ['http://otp.example.com/receipts', 'http://10.0.0.1/', 'file:///etc/hosts', 'nonsense']) {
    expect((await sendByTwilio(url)).status).toBe(201);
    await expect.poll(() => sandbox.log.filter((line) => line.includes('no receipts')).length).toBeGreaterThan(0);
    expect(sandbox.log.filter((line) => line.includes('receipt not posted'))).toEqual([]);
    sandbox.log.length = 0;
  }
  const open = await startSandbox({ SANDBOX_CALLBACK_HOSTS: 'receiver.invalid, other.invalid' });
  await sendByTwilio('http://receiver.invalid/receipts', open);
  const receipts = async () => (await open.messages())[0]?.receipts;
  // A machine's resolver may take its time to say that there is no such name.
  await expect.poll(receipts, { timeout: 10_000 }).toMatchObject([{ answered: null }, { answered: null }]);
  expect(open.log.filter((line) => line.includes('receipt not posted'))).toHaveLength(2);
  await open.service.close();
});

it('closes at once while receipts are under way or still to come', async () => {
  const own = await startSandbox();
  receiver.isDumb = true;
  await sendByTwilio(receiver.url, own);
  await own.setFault('vonage', { mode: 'ok', receipt: { mode: 'late_receipt', delay_ms: 600_000 } });
  await postVonage(own.url, { callback: receiver.url });
  await expect.poll(() => receiver.received).toHaveLength(1);
  const startedAt = performance.now();
  await own.service.close();
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(receiver.received).toHaveLength(1);
});

describe('the receipt of a fault', () => {
  it('is shown as it was set, and gone once cleared', async () => {
    const receipt = { mode: 'undelivered', code: 30_007, delay_ms: 20 };
    const set = await sandbox.call('PUT', '/api/faults/twilio', { mode: 'ok', receipt });
    expect(await set.json()).toEqual({ mode: 'ok', delay_ms: 0, receipt });
    await sandbox.call('DELETE', '/api/faults');
    expect(await (await sandbox.call('GET', '/api/faults')).json()).toMatchObject({
      twilio: { mode: 'ok', delay_ms: 0 },
    });
  });

  it.each([
    [{ mode: 'never' }, '/receipt/mode'],
    [{ mode: 'undelivered', code: 'x' }, '/receipt/code'],
    [{ mode: 'late_receipt', delay_ms: -1 }, '/receipt/delay_ms'],
    [{ mode: 'delivered', nope: 1 }, '/receipt/nope'],
  ])('is refused when it is %j', async (receipt, pointer) => {
    const response = await sandbox.call('PUT', '/api/faults/twilio', { mode: 'ok', receipt });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ pointer }] });
  });
});
