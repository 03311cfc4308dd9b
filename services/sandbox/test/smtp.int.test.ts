import { once } from 'node:events';
import { connect } from 'node:net';
import { createTransport } from 'nodemailer';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox, useSandbox } from './running-sandbox.ts';

const sandbox = useSandbox();

const open: { close(): void }[] = [];
afterEach(() => {
  for (const transport of open.splice(0)) transport.close();
});

const SIGN_IN = { user: 'sandbox', pass: 'pa55-of-nobody' };
const TO = 'ada@example.org';
const TEXT = 'Your login OTP is 482913. Do not share it with anyone.';
const HTML = '<p style="color: red">Your login OTP is <b>482913</b>.</p>';

function relayOf(options: object = {}) {
  const { hostname, port } = new URL(sandbox.service.smtpUrl);
  const transport = createTransport({
    host: hostname,
    port: Number(port),
    tls: { rejectUnauthorized: false },
    auth: SIGN_IN,
    ...options,
  });
  open.push(transport);
  return transport;
}

const send = (fields: object = {}, options: object = {}) =>
  relayOf(options).sendMail({
    from: 'otp@example.com',
    to: TO,
    subject: 'Your code',
    text: TEXT,
    html: HTML,
    ...fields,
  });

const errorOf = (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    (info) => ({ accepted: info }),
    (error: unknown) => error,
  );

/** A client that says one line at a time; each resolves with the reply. */
async function speak(smtpUrl: string) {
  const { hostname, port } = new URL(smtpUrl);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  const reply = async () => String((await once(socket, 'data'))[0]);
  await reply();
  socket.on('error', () => undefined);
  return async (line: string) => {
    socket.write(`${line}\r\n`);
    return reply();
  };
}

describe('the mail relay', () => {
  it('takes a mail after STARTTLS and a sign-in, and shows all of it', async () => {
    const info = await send({}, { requireTLS: true });
    expect(info).toMatchObject({ accepted: [TO], response: expect.stringMatching(/^250 2\.0\.0 Ok: queued as \w+$/) });
    const [listed] = await sandbox.messages();
    expect(listed).toEqual({
      id: info.messageId.slice(1, -1),
      channel: 'email',
      provider: 'smtp',
      to: TO,
      subject: 'Your code',
      text: TEXT,
      html: expect.stringContaining(HTML),
      code: '482913',
      segments: null,
      receipts: [],
      at: expect.any(String),
    });
    const { request } = await sandbox.message(listed?.id ?? '');
    expect(request).toMatchObject({
      line: `MAIL FROM:<otp@example.com> RCPT TO:<${TO}>`,
      headers: { transport: expect.stringMatching(/^TLS/), auth: 'sandbox ••••' },
      body: expect.stringContaining('Subject: Your code'),
    });
    expect(JSON.stringify(request)).not.toContain(SIGN_IN.pass);
  });

  it('takes one in clear, without a sign-in or with one', async () => {
    await send({}, { ignoreTLS: true, auth: undefined });
    await send({}, { ignoreTLS: true });
    const requests = await Promise.all((await sandbox.messages()).map(async ({ id }) => sandbox.message(id)));
    expect(requests.map(({ request }) => request?.headers)).toEqual([
      { transport: 'in clear', auth: 'sandbox ••••' },
      { transport: 'in clear' },
    ]);
  });

  it('reads encoded subjects and bodies in any language, and a mail of markup alone', async () => {
    const arabic = 'رمز تسجيل الدخول هو 482913';
    await send({ subject: 'رمز التحقق', text: arabic, html: `<html dir="rtl"><body>${arabic}</body></html>` });
    await send({ text: undefined, html: `<style>p{color:#123456}</style><p>Code&nbsp;<b>771204</b></p>` });
    expect(await sandbox.messages()).toMatchObject([
      { code: '771204', html: expect.stringContaining('<b>771204</b>') },
      { subject: 'رمز التحقق', text: arabic, code: '482913', html: expect.stringContaining('dir="rtl"') },
    ]);
  });

  it('finds a mail by its address in any case, once for each recipient', async () => {
    await send({ to: ['Ada+Tag@Example.org', 'bob@example.org'] });
    for (const to of ['ada%2Btag@example.org', 'Ada+tag@EXAMPLE.org', 'bob@example.org']) {
      expect(await sandbox.messages(`?to=${to}`), to).toMatchObject([{ code: '482913' }]);
    }
    expect(new Set((await sandbox.messages()).map(({ id }) => id)).size).toBe(2);
  });

  it('keeps the copies of a mail that comes again apart', async () => {
    const messageId = '<att_1@example.com>';
    await send({ messageId });
    await send({ messageId });
    const ids = (await sandbox.messages()).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(ids[1]).toBe('att_1@example.com');
    expect(ids[0]).not.toBe(ids[1]);
  });

  it.each(['<stream>', '<a b@example.com>', `<${'x'.repeat(120)}@example.com>`])(
    'gives a mail whose sender calls it %j a name of its own, by which it is found',
    async (messageId) => {
      await send({ messageId });
      const [{ id } = { id: '' }] = await sandbox.messages();
      expect(id).toMatch(/^[0-9A-F]{16}$/);
      expect((await sandbox.message(id)).to).toBe(TO);
    },
  );

  it('takes a mail for a hundred recipients, and refuses the next', async () => {
    const say = await speak(sandbox.service.smtpUrl);
    await say('EHLO test');
    await say('MAIL FROM:<a@example.com>');
    for (let index = 0; index < 100; index += 1) expect(await say(`RCPT TO:<u${index}@example.com>`)).toMatch(/^250 /);
    expect(await say('RCPT TO:<one.more@example.com>')).toMatch(/^452 /);
  });

  it('takes 500 clients at a time, and tells one too many to come back', async () => {
    // One of its own: what other tests have left may still count.
    const { service } = await startSandbox();
    onTestFinished(() => service.close());
    const { hostname, port } = new URL(service.smtpUrl);
    const greeted = Array.from({ length: 501 }, async () => {
      const socket = connect(Number(port), hostname).setEncoding('utf8');
      socket.on('error', () => undefined);
      open.push({ close: () => socket.destroy() });
      return String((await once(socket, 'data'))[0]).slice(0, 3);
    });
    const replies = await Promise.all(greeted);
    expect(replies.filter((reply) => reply === '220')).toHaveLength(500);
    expect(replies.filter((reply) => reply === '421')).toHaveLength(1);
  });

  it('refuses a mail that is too big', async () => {
    expect(await errorOf(send({ text: 'x'.repeat(300_000) }))).toMatchObject({ responseCode: 552 });
    expect(await sandbox.messages()).toEqual([]);
  });

  it('serves its markup to a frame of its own, where nothing runs and nothing is fetched', async () => {
    await send();
    const [{ id } = { id: '' }] = await sandbox.messages();
    const response = await sandbox.call('GET', `/api/messages/${encodeURIComponent(id)}/html`);
    expect(await response.text()).toContain(HTML);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^sandbox; default-src 'none'/);
    expect(policy).not.toMatch(/script|allow-/);
  });

  it('logs neither addresses nor codes', async () => {
    await send();
    await sandbox.setFault('smtp', { mode: 'reject' });
    await errorOf(send());
    const log = sandbox.log.join('');
    for (const secret of [TO, '482913', SIGN_IN.pass]) expect(log).not.toContain(secret);
  });
});

describe('a scripted fault of the relay', () => {
  it.each([
    ['down', {}, { code: 'EPROTOCOL', responseCode: 421 }],
    ['throttle', {}, { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 450 }],
    ['throttle', { code: 452 }, { command: 'MAIL FROM', responseCode: 452 }],
    ['auth', {}, { code: 'EAUTH', responseCode: 535 }],
    ['auth', { code: 534 }, { code: 'EAUTH', responseCode: 534 }],
    ['reject', {}, { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 }],
    ['reject', { code: 552 }, { command: 'RCPT TO', responseCode: 552 }],
    ['reject', { code: 553 }, { command: 'MAIL FROM', responseCode: 553 }],
    ['reject', { code: 554 }, { command: 'DATA', responseCode: 554 }],
    ['reset', {}, { code: 'ESOCKET' }],
  ])('%s %j is what nodemailer calls %j, and nothing arrives', async (mode, fault, error) => {
    await sandbox.setFault('smtp', { mode, ...fault });
    expect(await errorOf(send())).toMatchObject(error);
    expect(await sandbox.messages()).toEqual([]);
  });

  it.each([
    ['down', 421],
    ['auth', 535],
    ['throttle', 450],
  ])('%s holds on a connection that was open before it, too: %i', async (mode, code) => {
    const say = await speak(sandbox.service.smtpUrl);
    await say('EHLO test');
    await sandbox.setFault('smtp', { mode });
    expect(await say('MAIL FROM:<a@example.com>')).toMatch(new RegExp(`^${code} \\d\\.\\d\\.\\d `));
  });

  it('hang: reads the mail and never answers; nothing arrives', async () => {
    await sandbox.setFault('smtp', { mode: 'hang', count: 1 });
    const abandoned = new AbortController();
    const sent = errorOf(send({ signal: abandoned.signal }));
    const settled = await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, 1_000, 'hanging'))]);
    expect(settled).toBe('hanging');
    abandoned.abort();
    expect(await sent).toBeInstanceOf(Error);
    expect(await sandbox.messages()).toEqual([]);
  });

  it('lost_answer: the mail arrives, and the connection is cut', async () => {
    await sandbox.setFault('smtp', { mode: 'lost_answer' });
    expect(await errorOf(send())).toMatchObject({ code: 'ESOCKET' });
    expect(await sandbox.messages()).toMatchObject([{ to: TO, code: '482913' }]);
  });

  it('ok with a delay: takes the mail only after it', async () => {
    await sandbox.setFault('smtp', { mode: 'ok', delay_ms: 600 });
    const startedAt = performance.now();
    await send();
    expect(performance.now() - startedAt).toBeGreaterThan(590);
    expect(await sandbox.messages()).toHaveLength(1);
  });

  it('holds for count mails, then is ok', async () => {
    await sandbox.setFault('smtp', { mode: 'reject', count: 2 });
    for (const responseCode of [550, 550]) expect(await errorOf(send())).toMatchObject({ responseCode });
    await send();
    expect(await sandbox.messages()).toHaveLength(1);
  });
});

const ENVELOPE = ['EHLO test', 'MAIL FROM:<a@example.com>', `RCPT TO:<${TO}>`, 'DATA'];

it('closes at once, whatever hangs, waits or idles', async () => {
  const own = await startSandbox();
  const { hostname, port } = new URL(own.service.smtpUrl);
  await speak(own.service.smtpUrl);
  await own.setFault('smtp', { mode: 'hang', count: 1 });
  const transport = createTransport({ host: hostname, port: Number(port), ignoreTLS: true });
  const hanging = errorOf(transport.sendMail({ from: 'a@example.com', to: TO, text: TEXT }));
  await expect.poll(async () => (await own.call('GET', '/api/faults')).json()).toMatchObject({ smtp: { mode: 'ok' } });
  const stalled = await speak(own.service.smtpUrl);
  for (const line of ENVELOPE) await stalled(line);
  const startedAt = performance.now();
  await own.service.close();
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(await hanging).toBeInstanceOf(Error);
});

it('takes the mail that it was being sent when it was told to close', async () => {
  const own = await startSandbox();
  await own.setFault('smtp', { mode: 'ok', delay_ms: 600_000 });
  const say = await speak(own.service.smtpUrl);
  for (const line of ENVELOPE) await say(line);
  const closed = own.service.close();
  const isRefused = () =>
    speak(own.service.smtpUrl).then(
      () => false,
      () => true,
    );
  await expect.poll(isRefused).toBe(true);
  expect(await say('Subject: code\r\n\r\n482913\r\n.')).toMatch(/^250 /);
  await closed;
});
