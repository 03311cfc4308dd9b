import { createServer, type Server } from 'node:net';
import { inspect } from 'node:util';
import { Secret } from '@watchword/platform';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type AttemptResult, kindOf, type ProviderAdapter } from '../src/index.ts';
import type { SmtpConfig } from '../src/providers/smtp/config.ts';
import { createSmtpProvider } from '../src/providers/smtp/smtp-provider.ts';
import { CODE, message as smsMessage, TEXT, verdictOf } from './provider-contract.ts';
import { PASSWORD, type Relay, type RelayFault, type Step, startRelay } from './relay.ts';

const TO = 'ann@example.com';
const TIMEOUT_MS = 1_500;
/** Long enough to connect, encrypt and sign in on a busy machine. */
const PATIENCE_MS = 700;
const HTML = `<p>Your login OTP is <b>${CODE}</b>.</p>`;

const message = (over: Parameters<typeof smsMessage>[0] = {}) =>
  smsMessage({ channel: 'email', to: TO, subject: 'Your login code', html: HTML, ...over });

const config = (port: number, over: Partial<SmtpConfig> = {}): SmtpConfig => ({
  mode: 'test',
  host: '127.0.0.1',
  port,
  security: 'starttls',
  trustsAnyCertificate: true,
  isPublicOnly: false,
  from: { name: 'Acme', address: 'otp@acme.example' },
  login: { user: 'acme', password: new Secret(PASSWORD) },
  timeoutMs: TIMEOUT_MS,
  ...over,
});

let relay: Relay;
let provider: ProviderAdapter;
const results: AttemptResult[] = [];

beforeAll(async () => {
  relay = await startRelay();
  provider = createSmtpProvider(config(relay.port));
});
afterAll(async () => {
  await provider.close();
  await relay.close();
});
afterEach(() => relay.fail());

async function send(over: Parameters<typeof message>[0] = {}, by = provider): Promise<AttemptResult> {
  const result = await by.send(message(over));
  results.push(result);
  return result;
}

function sendInto(step: Step, fault: RelayFault, over: Parameters<typeof message>[0] = {}): Promise<AttemptResult> {
  relay.fail(step, fault);
  return send(over);
}

/** The provider of a relay that is there for one test. */
async function through(other: Partial<SmtpConfig>, port: number): Promise<AttemptResult> {
  const lonely = createSmtpProvider(config(port, other));
  const result = await send({}, lonely);
  await lonely.close();
  return result;
}

const lastOf = () => {
  const last = relay.received.at(-1);
  if (last === undefined) throw new Error('no message came');
  return last;
};
const headersOf = (source: string) => source.slice(0, source.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ');

describe('an e-mail', () => {
  test('is accepted under a Message-ID made of the attempt, with text and HTML, signed in and encrypted', async () => {
    expect(await send({ locale: 'pt-BR' })).toEqual({
      outcome: 'accepted',
      providerMessageId: 'att_0123456789abcdefghjkmnpq@acme.example',
    });
    expect(lastOf()).toMatchObject({ from: 'otp@acme.example', to: [TO], user: 'acme', secure: true });
    const headers = headersOf(lastOf().source);
    expect(headers).toContain('Message-ID: <att_0123456789abcdefghjkmnpq@acme.example>');
    expect(headers).toContain('From: Acme <otp@acme.example>');
    expect(headers).toContain(`To: ${TO}`);
    expect(headers).toContain('Subject: Your login code');
    expect(headers).toContain('Auto-Submitted: auto-generated');
    expect(headers).toContain('Content-Language: pt-BR');
    expect(headers).not.toMatch(/mailer/i);
    expect(lastOf().source.replaceAll('=\r\n', '')).toContain(TEXT);
    expect(lastOf().source).toContain(HTML);
  });

  test('has no HTML part when there is none', async () => {
    await send({ html: '' });
    expect(headersOf(lastOf().source)).toContain('Content-Type: text/plain');
  });

  test('keeps letters of any language', async () => {
    await send({ subject: 'رمز الدخول', text: 'Ваш код', html: '' });
    expect(headersOf(lastOf().source)).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(lastOf().source).toMatch(/charset=utf-8/i);
  });

  test('has no header that its subject or its language brought along', async () => {
    const bad = 'x\r\nBcc: eve@example.com\r\n\r\nbody';
    await send({ subject: bad, locale: bad });
    expect(lastOf().to).toEqual([TO]);
    expect(headersOf(lastOf().source)).not.toMatch(/^Bcc:/m);
    expect(headersOf(lastOf().source)).toMatch(/^Subject: .*Bcc/m);
  });

  test.each([
    'ann@example.com\r\nRCPT TO:<eve@example.com>',
    'ann@example.com,eve@example.com',
    'Ann <ann@example.com>',
    'ann@example.com>',
    'ann@@example.com',
    'ann smith@example.com',
    'ann\u0000@example.com',
    '+14155550123',
    '',
  ])('goes nowhere when it is not addressed to just one mailbox: %j', async (to) => {
    const before = relay.received.length;
    expect(await send({ to })).toEqual({ outcome: 'rejected', class: 'destination', providerCode: 'no_mailbox' });
    expect(relay.received.length).toBe(before);
  });

  test('shares kept connections', async () => {
    await send();
    const before = relay.connections();
    for (let round = 0; round < 5; round += 1) await send();
    expect(relay.connections()).toBe(before);
  });

  test('waits for one of ten connections when many are sent at once', async () => {
    const fresh = createSmtpProvider(config(relay.port, { timeoutMs: 5_000 }));
    const before = relay.connections();
    const all = await Promise.all(Array.from({ length: 40 }, (_, at) => send({ attemptId: `att_many-${at}` }, fresh)));
    expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(['accepted']));
    expect(relay.connections() - before).toBe(10);
    await fresh.close();
  });
});

/** Each reply that the provider facts list, and what enhanced codes make of them. */
const REPLIES: readonly (readonly [step: Step, reply: string, verdict: string])[] = [
  ['connect', '421 Busy', 'transient'],
  ['connect', '554 No service', 'configuration'],
  ['sign_in', '535 5.7.8 No', 'configuration'],
  ['sign_in', '534 5.7.9 No', 'configuration'],
  ['sign_in', '454 4.7.0 Later', 'transient'],
  ['sender', '553 Sender not yours', 'configuration'],
  ['sender', '550 Sender not yours', 'configuration'],
  ['sender', '530 5.7.0 Sign in first', 'configuration'],
  ['sender', '451 Later', 'transient'],
  ['sender', '421 Closing', 'transient'],
  ['recipient', '550 Nobody here', 'destination'],
  ['recipient', '550 5.1.1 Nobody here', 'destination'],
  ['recipient', '551 Moved', 'destination'],
  ['recipient', '552 5.2.2 Full', 'destination'],
  ['recipient', '553 No such name', 'destination'],
  ['recipient', '556 No mail there', 'destination'],
  ['recipient', '501 Bad address', 'destination'],
  ['recipient', '550 5.7.1 No relaying', 'configuration'],
  ['recipient', '550 5.1.8 Bad domain of the sender', 'configuration'],
  ['recipient', '550 5.4.4 No way to that domain', 'destination'],
  ['recipient', '550 5.4.5 Your limit of the day is reached', 'configuration'],
  ['recipient', '554 Refused', 'configuration'],
  ['recipient', '450 Greylisted', 'transient'],
  ['recipient', '451 Error', 'transient'],
  ['recipient', '452 4.2.2 Full for now', 'transient'],
  ['recipient', '421 Closing', 'transient'],
  ['message', '554 Spam', 'content'],
  ['message', '552 Too large', 'content'],
  ['message', '550 5.7.1 Spam', 'content'],
  ['message', '550 5.7.26 No DKIM', 'configuration'],
  ['message', '550 5.1.1 Nobody here', 'destination'],
  ['message', '550 5.4.5 Your limit of the day is reached', 'configuration'],
  ['message', '451 Later', 'transient'],
  ['message', '421 Closing', 'transient'],
];

test.each(REPLIES)('%s answered %s is %s', async (step, reply, verdict) => {
  // A relay asks for the sign-in, and greets, once for each connection.
  const fresh = createSmtpProvider(config(relay.port));
  relay.fail(step, { reply });
  const result = await send({}, fresh);
  await fresh.close();
  expect(verdictOf(result)).toBe(verdict);
  expect(result).toMatchObject({ providerCode: reply.slice(0, 3) });
});

describe('what became of a message', () => {
  test.each(['connect', 'sign_in', 'sender', 'recipient'] as const)(
    'is known to be nothing when the relay fell silent, reset or ended at %s',
    async (step) => {
      for (const fault of ['hang', 'reset', 'end'] as const) {
        const fresh = createSmtpProvider(config(relay.port));
        relay.fail(step, fault);
        const before = relay.received.length;
        const result = await send({ signal: AbortSignal.timeout(fault === 'hang' ? PATIENCE_MS : TIMEOUT_MS) }, fresh);
        await fresh.close();
        expect(result, fault).toMatchObject({ outcome: 'transient' });
        expect(result, fault).toMatchObject({ providerCode: expect.stringMatching(CODES_OF[fault]) });
        expect(relay.received.length).toBe(before);
      }
    },
  );

  test.each(['hang', 'reset', 'end'] as const)('is not known once it was written: %s', async (fault) => {
    const before = relay.received.length;
    const impatient = new AbortController();
    const given = sendInto('message', fault, { signal: impatient.signal });
    await expect.poll(() => relay.received.length, { timeout: 10_000 }).toBe(before + 1);
    if (fault === 'hang') impatient.abort();
    expect(await given).toEqual({ outcome: 'unknown', providerCode: expect.stringMatching(CODES_OF[fault]) });
  });

  test('is told within the time-out of the account when no signal fires', async () => {
    const startedAt = performance.now();
    const signal = new AbortController().signal;
    expect(await sendInto('message', 'hang', { signal })).toEqual({ outcome: 'unknown', providerCode: 'timeout' });
    expect(await sendInto('sender', 'hang', { signal })).toEqual({ outcome: 'transient', providerCode: 'timeout' });
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(2 * TIMEOUT_MS - 50);
    expect(tookMs).toBeLessThan(4 * TIMEOUT_MS);
  });

  test('is told at its signal while others keep all connections', async () => {
    const fresh = createSmtpProvider(config(relay.port, { timeoutMs: 10_000 }));
    await send({}, fresh);
    relay.fail('message', 'hang');
    const before = relay.received.length;
    const letGo = new AbortController();
    const held = Array.from({ length: 10 }, (_, at) =>
      send({ attemptId: `att_held-${at}`, signal: letGo.signal }, fresh),
    );
    await expect.poll(() => relay.received.length, { timeout: 10_000 }).toBe(before + 10);
    expect(await send({ attemptId: 'att_waits', signal: AbortSignal.timeout(200) }, fresh)).toEqual({
      outcome: 'transient',
      providerCode: 'timeout',
    });
    letGo.abort();
    expect((await Promise.all(held)).map(({ outcome }) => outcome)).toEqual(held.map(() => 'unknown'));
    relay.fail();
    expect(await send({}, fresh)).toMatchObject({ outcome: 'accepted' });
    expect(relay.received.slice(before).some(({ source }) => source.includes('att_waits'))).toBe(false);
    await fresh.close();
  });

  test('is sent once, whatever happens to it: nothing tries again by itself', async () => {
    for (const [step, fault] of [
      ['message', 'reset'],
      ['recipient', 'reset'],
      ['message', 'end'],
    ] as const) {
      const before = relay.received.length;
      await sendInto(step, fault);
      relay.fail();
      expect(await send({ attemptId: 'att_next' })).toMatchObject({ outcome: 'accepted' });
      const came = relay.received.slice(before).filter(({ source }) => !source.includes('att_next'));
      expect(came.length).toBeLessThanOrEqual(step === 'message' ? 1 : 0);
    }
  });

  test('writes nothing once its signal has fired', async () => {
    const before = relay.received.length;
    expect(await send({ signal: AbortSignal.abort() })).toEqual({ outcome: 'transient', providerCode: 'timeout' });
    expect(relay.received.length).toBe(before);
  });

  test('is nothing when no relay is there, or none of that name', async () => {
    const gone = await startRelay();
    await gone.close();
    expect(await through({}, gone.port)).toEqual({ outcome: 'transient', providerCode: 'ECONNREFUSED' });
    expect(await through({ host: 'relay.invalid', timeoutMs: 5_000 }, 25)).toEqual({
      outcome: 'transient',
      providerCode: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
    });
  });

  test('is nothing when what answers is no mail relay', async () => {
    const server = createServer((socket) => socket.resume().end('SSH-2.0-OpenSSH_9.2\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await through({}, port)).toMatchObject({ outcome: 'transient' });
    await new Promise((resolve) => server.close(resolve));
  });
});

/** Says yes to everything in plain text, and ends in the middle of its last reply. */
function startTornRelay(last: string): Promise<Server> {
  const replies = ['250 hello', '250 yes', '250 yes', '354 go on'];
  const server = createServer((socket) => {
    let step = 0;
    socket.on('error', () => undefined);
    socket.write('220 hello\r\n');
    socket.on('data', (chunk: Buffer) => {
      const reply = replies[step];
      step += 1;
      if (reply !== undefined) socket.write(`${reply}\r\n`);
      else if (chunk.toString('utf8').endsWith('\r\n.\r\n')) socket.end(last);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

test.each(['55', '554 Spam', '250 Ok'])('a reply to the message that was cut off is none: %s', async (last) => {
  const server = await startTornRelay(last);
  const { port } = server.address() as { port: number };
  expect(await through({ security: 'none', login: undefined }, port)).toEqual({
    outcome: 'unknown',
    providerCode: 'ECONNECTION',
  });
  await new Promise((resolve) => server.close(resolve));
});

const CODES_OF = {
  hang: /^timeout$/,
  reset: /^(ECONNRESET|ECONNECTION|EPIPE)$/,
  end: /^(ECONNRESET|ECONNECTION|EPIPE)$/,
};

describe('encryption', () => {
  const LIVE = { trustsAnyCertificate: false } as const;

  test('is required unless the settings say otherwise: a relay without STARTTLS gets no password and no message', async () => {
    const plain = await startRelay({ disabledCommands: ['STARTTLS'] });
    expect(await through(LIVE, plain.port)).toMatchObject({ outcome: 'rejected', class: 'configuration' });
    expect(plain.received).toEqual([]);
    expect(await through({ ...LIVE, security: 'none' }, plain.port)).toMatchObject({ outcome: 'accepted' });
    expect(plain.received).toMatchObject([{ secure: false }]);
    await plain.close();
  });

  test('is not believed with a certificate of the relay’s own making', async () => {
    const before = relay.received.length;
    const result = await through(LIVE, relay.port);
    expect(result).toMatchObject({ outcome: 'transient', providerCode: expect.stringMatching(/CERT|ETLS/) });
    expect(relay.received.length).toBe(before);
  });

  test('begins with the first byte where it is `tls`', async () => {
    const tls = await startRelay({ secure: true });
    expect(await through({ security: 'tls' }, tls.port)).toMatchObject({ outcome: 'accepted' });
    expect(tls.received).toMatchObject([{ secure: true }]);
    expect(await through({ security: 'tls' }, relay.port)).toMatchObject({ outcome: 'transient' });
    await tls.close();
  });
});

describe('an account', () => {
  const surroundings = {
    sandboxUrl: 'http://127.0.0.1:1',
    sandboxSmtpUrl: 'smtp://127.0.0.1:1',
    receiptsUrl: undefined,
    timeoutMs: TIMEOUT_MS,
    baseUrl: undefined,
    reference: 'platform',
  };
  test('at the sandbox sends through its relay, whatever the settings are', async () => {
    const sandboxSmtpUrl = `smtp://127.0.0.1:${relay.port}`;
    const account = { mode: 'test', settings: { host: 'x y' }, sandboxToken: new Secret(PASSWORD) } as const;
    const twin = kindOf('smtp').createProvider(account, { ...surroundings, sandboxSmtpUrl });
    expect(await send({}, twin)).toMatchObject({ outcome: 'accepted' });
    expect(lastOf()).toMatchObject({ from: 'otp@sandbox.invalid', user: 'sandbox', secure: true });
    await twin.close();
  });

  test('of a project cannot reach our own network by a name that leads there', async () => {
    const before = relay.connections();
    expect(await through({ isPublicOnly: true, host: 'localhost' }, relay.port)).toEqual({
      outcome: 'rejected',
      class: 'configuration',
      providerCode: 'private_address',
    });
    expect(relay.connections()).toBe(before);
  });

  test.each([
    ['otp@acme.example', 'From: otp@acme.example'],
    ['Acme Inc. <otp@acme.example>', 'From: "Acme Inc." <otp@acme.example>'],
    ['Zürich <otp@acme.example>', 'From: =?UTF-8?Q?Z=C3=BCrich?= <otp@acme.example>'],
  ])('sends as %s, unencrypted and without a login where its settings say so', async (from, header) => {
    const settings = { host: '127.0.0.1', port: String(relay.port), security: 'none', from };
    const local = kindOf('smtp').createProvider({ mode: 'live', settings, credentials: {} }, surroundings);
    expect(await send({}, local)).toMatchObject({ outcome: 'accepted' });
    expect(headersOf(lastOf().source)).toContain(header);
    expect(lastOf()).toMatchObject({ from: 'otp@acme.example', user: undefined, secure: false });
    await local.close();
  });
});

test('nothing of the message or the credentials comes out', () => {
  expect(results.length).toBeGreaterThan(60);
  const seen = `${inspect(results, { depth: 10 })}${JSON.stringify(results)}${inspect(provider, { depth: 10 })}`;
  const inForms = [PASSWORD, `\0acme\0${PASSWORD}`].flatMap((secret) =>
    (['utf8', 'hex', 'base64'] as const).map((form) => Buffer.from(secret).toString(form)),
  );
  for (const secret of [CODE, 'Your login OTP', TO, ...inForms]) expect(seen).not.toContain(secret);
});
