import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PROVIDER_POSTS, type RunningSandbox, startSandbox } from './running-sandbox.ts';

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly fields: Record<string, string>;
}

const TOKEN = 'anything';
const ATTEMPT = 'att_of_the_test';

/** Takes receipts, and answers at once unless it `isDumb`. */
async function startReceiver() {
  const received: Received[] = [];
  const receiver = { url: '', received, isDumb: false, close: async () => undefined as unknown };
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const isJson = request.headers['content-type'] === 'application/json';
    const fields = isJson
      ? (JSON.parse(body) as Record<string, string>)
      : Object.fromEntries(new URLSearchParams(body));
    received.push({ headers: request.headers, fields });
    if (!receiver.isDumb) response.writeHead(204).end();
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/receipts?of=1`;
  receiver.close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return receiver;
}

let sandbox: RunningSandbox;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  sandbox = await startSandbox();
  receiver = await startReceiver();
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

type ProviderName = keyof typeof PROVIDER_POSTS;
const callbackOf = { twilio: 'StatusCallback', vonage: 'callback' } as const;
const statusOf = { twilio: 'MessageStatus', vonage: 'status' } as const;

const send = (provider: ProviderName, url = receiver.url, of = sandbox) =>
  PROVIDER_POSTS[provider](of.url, { [callbackOf[provider]]: url, 'client-ref': ATTEMPT });
const statuses = (provider: ProviderName) => receiver.received.map(({ fields }) => fields[statusOf[provider]]);

function isGenuine(provider: ProviderName, { headers, fields }: Received): boolean {
  if (provider === 'twilio') {
    return twilio.validateRequest(TOKEN, String(headers['x-twilio-signature']), receiver.url, fields);
  }
  const { sig, ...rest } = fields;
  const sorted = Object.entries(rest).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const signed = sorted.map(([name, value]) => `&${name}=${value.replace(/[&=]/g, '_')}`).join('');
  return (
    sig ===
    createHash('md5')
      .update(signed + TOKEN)
      .digest('hex')
  );
}

describe.each([
  ['twilio', 'sent', 'undelivered', '30003'],
  ['vonage', 'accepted', 'failed', '3'],
] as const)('%s', (provider, sentWord, undeliveredWord, code) => {
  const story = provider === 'twilio' ? [sentWord, 'delivered'] : ['delivered'];

  it('tells, signed, that a message it took was delivered', async () => {
    expect((await send(provider)).ok).toBe(true);
    await expect.poll(() => statuses(provider)).toEqual(story);
    expect(receiver.received.map((one) => isGenuine(provider, one))).toEqual(story.map(() => true));
    const [message] = await sandbox.messages();
    const last = receiver.received.at(-1)?.fields ?? {};
    expect(last).toMatchObject(
      provider === 'twilio' ? { MessageSid: message?.id } : { messageId: message?.id, 'client-ref': ATTEMPT },
    );
  });

  it('tells nothing when the send asked for no receipts, or when it refused the message', async () => {
    await PROVIDER_POSTS[provider](sandbox.url);
    await sandbox.setFault(provider, { mode: 'reject', count: 1 });
    await send(provider);
    await send(provider);
    await expect.poll(() => statuses(provider)).toEqual(story);
  });

  it.each([
    [{ mode: 'duplicate_receipt' }, story.flatMap((word) => [word, word])],
    [{ mode: 'out_of_order' }, ['delivered', sentWord]],
    [{ mode: 'undelivered' }, [...story.slice(0, -1), undeliveredWord]],
  ])('in mode %j tells the story %j', async (receipt, wanted) => {
    await sandbox.setFault(provider, { mode: 'ok', receipt });
    await send(provider);
    await expect.poll(() => statuses(provider)).toEqual(wanted);
    expect(receiver.received.every((one) => isGenuine(provider, one))).toBe(true);
  });

  it('gives an error code with undelivered, its own or the one that was set', async () => {
    await sandbox.setFault(provider, { mode: 'ok', receipt: { mode: 'undelivered' } });
    await send(provider);
    await expect.poll(() => statuses(provider)).toContain(undeliveredWord);
    await sandbox.setFault(provider, { mode: 'ok', receipt: { mode: 'undelivered', code: 8 } });
    await send(provider);
    await expect.poll(() => statuses(provider).filter((word) => word === undeliveredWord)).toHaveLength(2);
    const name = provider === 'twilio' ? 'ErrorCode' : 'err-code';
    const codes = receiver.received.flatMap(({ fields }) =>
      fields[statusOf[provider]] === undeliveredWord ? [fields[name]] : [],
    );
    expect(codes).toEqual([code, '8']);
  });

  it('in mode no_receipt tells nothing, and after it all again', async () => {
    await sandbox.setFault(provider, { mode: 'ok', count: 1, receipt: { mode: 'no_receipt' } });
    await send(provider);
    await send(provider);
    await expect.poll(() => statuses(provider)).toEqual(story);
  });

  it('in mode early_receipt tells all before it answers the send', async () => {
    await sandbox.setFault(provider, { mode: 'ok', receipt: { mode: 'early_receipt' } });
    await send(provider);
    expect(statuses(provider)).toEqual(story);
  });

  it('in mode late_receipt waits first', async () => {
    await sandbox.setFault(provider, { mode: 'ok', receipt: { mode: 'late_receipt', delay_ms: 400 } });
    await send(provider);
    const answeredAt = performance.now();
    expect(statuses(provider)).toEqual([]);
    await expect.poll(() => statuses(provider)).toEqual(story);
    expect(performance.now() - answeredAt).toBeGreaterThan(350);
  });

  it('in mode bad_signature signs with another secret', async () => {
    await sandbox.setFault(provider, { mode: 'ok', receipt: { mode: 'bad_signature' } });
    await send(provider);
    await expect.poll(() => statuses(provider)).toEqual(story);
    expect(receiver.received.map((one) => isGenuine(provider, one))).toEqual(story.map(() => false));
  });

  it('tells of a message whose answer was lost', async () => {
    await sandbox.setFault(provider, { mode: 'lost_answer', receipt: { mode: 'early_receipt' } });
    await expect(send(provider)).rejects.toThrow();
    expect(statuses(provider)).toEqual(story);
  });
});

it('posts to this machine only, unless a host is named', async () => {
  for (const url of ['http://otp.example.com/receipts', 'http://10.0.0.1/', 'file:///etc/hosts', 'nonsense']) {
    expect((await send('twilio', url)).status).toBe(201);
    await expect.poll(() => sandbox.log.filter((line) => line.includes('no receipts')).length).toBeGreaterThan(0);
    expect(sandbox.log.filter((line) => line.includes('receipt not posted'))).toEqual([]);
    sandbox.log.length = 0;
  }
  const open = await startSandbox({ SANDBOX_CALLBACK_HOSTS: 'receiver.invalid, other.invalid' });
  await send('twilio', 'http://receiver.invalid/receipts', open);
  await expect.poll(() => open.log.filter((line) => line.includes('receipt not posted')).length).toBeGreaterThan(0);
  await open.service.close();
});

it('closes at once while receipts are under way or still to come', async () => {
  const own = await startSandbox();
  receiver.isDumb = true;
  await send('twilio', receiver.url, own);
  await own.setFault('vonage', { mode: 'ok', receipt: { mode: 'late_receipt', delay_ms: 600_000 } });
  await send('vonage', receiver.url, own);
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
