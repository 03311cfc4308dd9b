import { problemSchema } from '@watchword/contracts';
import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../src/domain/provider.ts';
import { DEVICE, postFcm, postTwilio, postVonage, postWhatsAppCloud, TO } from './provider-posts.ts';
import { useSandbox } from './running-sandbox.ts';

const sandbox = useSandbox();

describe('GET /api/messages', () => {
  it('lists newest first, filtered by number however the plus arrives', async () => {
    await postTwilio(sandbox.url, { Body: 'code 111111' });
    await postVonage(sandbox.url, { text: 'code 222222' });
    await postTwilio(sandbox.url, { To: '+4915112345678', Body: 'code 333333' });
    const codes = async (query: string) => (await sandbox.messages(query)).map(({ code }) => code);
    expect(await codes('')).toEqual(['333333', '222222', '111111']);
    expect(await codes('?to=')).toEqual(['333333', '222222', '111111']);
    for (const to of ['%2B14155550123', '+14155550123', '14155550123']) {
      expect(await codes(`?to=${to}`)).toEqual(['222222', '111111']);
    }
    expect(await codes(`?to=${TO}&limit=1`)).toEqual(['222222']);
    expect(await codes('?limit=2')).toEqual(['333333', '222222']);
    expect(await codes('?to=+15550000000')).toEqual([]);
  });

  it('finds messages by a device token as well', async () => {
    await postFcm(sandbox.url);
    await postTwilio(sandbox.url);
    expect(await sandbox.messages(`?to=${encodeURIComponent(DEVICE)}`)).toMatchObject([
      { to: DEVICE, provider: 'fcm' },
    ]);
    expect(await sandbox.messages('?to=another-device')).toEqual([]);
  });

  it('waits for a message to that number and answers as soon as it is there', async () => {
    await postVonage(sandbox.url, { to: '4915112345678' });
    const startedAt = performance.now();
    const waiting = sandbox.messages('?to=+14155550123&wait_s=20');
    await postVonage(sandbox.url, { to: '4915112345678' });
    await postTwilio(sandbox.url);
    expect(await waiting).toMatchObject([{ to: TO, code: '123456' }]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('answers with none when the wait is over', async () => {
    const startedAt = performance.now();
    expect(await sandbox.messages('?wait_s=1')).toEqual([]);
    expect(performance.now() - startedAt).toBeGreaterThan(990);
  });

  it.each([
    ['?to=+nobody', '/to'],
    ['?to=12345', '/to'],
    ['?limit=0', '/limit'],
    ['?limit=50001', '/limit'],
    ['?wait_s=31', '/wait_s'],
    ['?wait_s=soon', '/wait_s'],
    ['?from=1', '/from'],
  ])('refuses %s with a pointer', async (query, pointer) => {
    await expectInvalid(await sandbox.call('GET', `/api/messages${query}`), pointer);
  });
});

describe('GET /api/messages/:id', () => {
  it('shows the request that brought a message as it arrived, without what it proved itself with', async () => {
    await postWhatsAppCloud(sandbox.url);
    const [listed] = await sandbox.messages();
    const { request, ...rest } = await sandbox.message(listed?.id ?? '');
    expect(rest).toEqual(listed);
    expect(request).toMatchObject({
      line: 'POST /v25.0/platform/messages',
      headers: { authorization: 'Bearer ••••', 'content-type': 'application/json' },
    });
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ messaging_product: 'whatsapp', template: { name: 'otp' } });
    expect(JSON.stringify(request)).not.toContain('anything');
  });

  it('masks credentials in a form, too', async () => {
    const form = new URLSearchParams({ to: TO.slice(1), from: 'W', text: 'hi', api_key: 'k3y', api_secret: 's3cret' });
    await fetch(`${sandbox.url}/sms/json`, { method: 'POST', body: form });
    const [listed] = await sandbox.messages();
    const { request } = await sandbox.message(listed?.id ?? '');
    expect(request?.body).toBe('to=14155550123&from=W&text=hi&api_key=••••&api_secret=••••');
  });

  it('masks credentials in JSON and in a query, whatever they consist of', async () => {
    await fetch(`${sandbox.url}/sms/json?api_secret=s3cret&x=1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: TO.slice(1), from: 'W', text: 'hi', api_key: 7, api_secret: 'a, "b" }s3cret' }),
    });
    const [listed] = await sandbox.messages();
    const { request } = await sandbox.message(listed?.id ?? '');
    expect(request?.line).toBe('POST /sms/json?api_secret=••••&x=1');
    expect(JSON.parse(request?.body ?? '')).toEqual({
      to: TO.slice(1),
      from: 'W',
      text: 'hi',
      api_key: '••••',
      api_secret: '••••',
    });
  });

  it('knows no message that never came', async () => {
    for (const path of ['/api/messages/nobody', '/api/messages/nobody/html']) {
      expect(problemSchema.parse(await (await sandbox.call('GET', path)).json())).toMatchObject({ status: 404 });
    }
  });
});

describe('faults', () => {
  it('shows, sets and clears the fault of each provider', async () => {
    const set = await sandbox.call('PUT', '/api/faults/vonage', {
      mode: 'throttle',
      count: 3,
      delay_ms: 5,
      code: '10',
    });
    expect(set.status).toBe(200);
    const fault = { mode: 'throttle', count: 3, delay_ms: 5, code: 10 };
    expect(await set.json()).toEqual(fault);
    const present = async (): Promise<unknown> => (await sandbox.call('GET', '/api/faults')).json();
    const none = Object.fromEntries(PROVIDERS.map((provider) => [provider, { mode: 'ok', delay_ms: 0 }]));
    expect(Object.keys(none)).toHaveLength(7);
    expect(await present()).toEqual({ ...none, vonage: fault });
    await postVonage(sandbox.url);
    expect(await present()).toMatchObject({ vonage: { count: 2 } });
    expect((await sandbox.call('DELETE', '/api/faults')).status).toBe(204);
    expect(await present()).toEqual(none);
  });

  it.each([
    [{}, '/mode'],
    [{ mode: 'explode' }, '/mode'],
    [{ mode: 'down', count: 0 }, '/count'],
    [{ mode: 'down', count: 1.5 }, '/count'],
    [{ mode: 'down', count: '2' }, '/count'],
    [{ mode: 'down', delay_ms: -1 }, '/delay_ms'],
    [{ mode: 'auth', code: 'x' }, '/code'],
    [{ mode: 'auth', code: 1_000_000 }, '/code'],
    [{ mode: 'auth', code: 'UNREGISTERED' }, '/code'],
    [{ mode: 'down', channel: 'push' }, '/channel'],
    [{ mode: 'down', channel: 'pigeon' }, '/channel'],
    [{ mode: 'down', until: 'noon' }, '/until'],
    [[], ''],
  ])('refuses %j with a pointer and changes nothing', async (body, pointer) => {
    await expectInvalid(await sandbox.call('PUT', '/api/faults/twilio', body), pointer);
    expect((await postTwilio(sandbox.url)).status).toBe(201);
  });

  it.each([
    ['fcm', { mode: 'reject', code: 404 }, '/code'],
    ['wati', { mode: 'reject', code: 131026 }, '/code'],
    ['smtp', { mode: 'reject', code: 250 }, '/code'],
    ['smtp', { mode: 'ok', receipt: { mode: 'no_receipt' } }, '/receipt'],
    ['fcm', { mode: 'ok', receipt: { mode: 'delivered' } }, '/receipt'],
  ])('refuses what %s does not have: %j', async (provider, body, pointer) => {
    await expectInvalid(await sandbox.call('PUT', `/api/faults/${provider}`, body), pointer);
  });

  it('refuses malformed JSON', async () => {
    const response = await fetch(`${sandbox.url}/api/faults/twilio`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"mode":',
    });
    expect(problemSchema.parse(await response.json())).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  it('knows no other provider', async () => {
    const response = await sandbox.call('PUT', '/api/faults/nexmo', { mode: 'down' });
    expect(problemSchema.parse(await response.json())).toMatchObject({
      status: 404,
      detail: expect.stringContaining('vonage'),
    });
  });
});

describe('the HTTP surface', () => {
  it('refuses a body over 16 KiB', async () => {
    const response = await postTwilio(sandbox.url, { Body: 'x'.repeat(16 * 1024) });
    expect(response.status).toBe(413);
    expect(await sandbox.messages()).toEqual([]);
  });

  it('answers 404 as problem+json', async () => {
    const response = await sandbox.call('GET', '/api/nothing');
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(problemSchema.parse(await response.json())).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('serves the page and its files under a policy that lets nothing else run', async () => {
    const page = await sandbox.call('GET', '/');
    const markup = await page.text();
    expect(markup).not.toMatch(/<style|style=|<script>|onclick=|https?:/);
    for (const [, file] of markup.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await sandbox.call('GET', `/${file}`)).status, file).toBe(200);
    }
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('streams a change at once and after each message', async () => {
    const response = await sandbox.call('GET', '/api/messages/stream');
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('"total":0');
    await postTwilio(sandbox.url);
    expect((await reader?.read())?.value).toContain('"total":1');
    await reader?.cancel();
  });
});

async function expectInvalid(response: Response, pointer: string): Promise<void> {
  const problem = problemSchema.parse(await response.json());
  expect(problem).toMatchObject({ status: 400, code: 'invalid_request' });
  expect(problem.errors).toContainEqual({ pointer, detail: expect.any(String) });
}
