import { createServer } from 'node:net';
import { inspect } from 'node:util';
import type { Channel } from '@watchword/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttemptResult, OutgoingMessage, ProviderAdapter } from '../src/index.ts';
import { type Answer, cutAnswer, hang, raw, reset, startWire, type Wire } from './wire.ts';

export const TO = '+14155550123';
export const CODE = 'K7Q9ZX4M2P';
export const TEXT = `Your login OTP is ${CODE}. Do not share it with anyone. Valid for 5 minutes.`;
/** A value that JSON can hold, and that cannot be made a text of. */
export const NO_TEXT = { toString: 1, valueOf: 1 };
/** Appears in each subject's credentials, so that a leak of them is seen. */
export const CREDENTIAL = 'c0ffee5ecret0c0ffee5ecret0c0ffee';

/** A code as its wire has it: Twilio's are numbers, others' words. */
type Code = number | string;

/** One channel of a provider that speaks HTTP, and what its wire says. */
export interface ProviderSubject {
  readonly name: string;
  readonly channel: Channel;
  /** What the channel's message has other than an SMS's, such as its `to`. */
  readonly message?: Partial<OutgoingMessage>;
  create(baseUrl: string, timeoutMs: number): ProviderAdapter;
  /** What an acceptance tells beside the id that the provider gave. */
  readonly accepted: { readonly segments?: number };
  /** For a provider that signs in by a call before it sends: answers that call, and leaves the send to `answer`. */
  signIn?(answer: Answer): Answer;
  /** Answers of this provider's wire, quoting as much of the request as the real one does. */
  readonly wire: {
    readonly ok: Answer;
    readonly okBody: string;
    readonly throttle: Answer;
    readonly auth: Answer;
    readonly reject: Answer;
  };
  readonly codes: { readonly throttle: string; readonly auth: string; readonly reject: string };
  /** Bodies that look like this provider's acceptance, and have no id. */
  readonly withoutId: readonly unknown[];
  /** Each documented code with the class it has in our words, and how the wire says it. */
  readonly table: readonly (readonly [code: Code, verdict: string])[];
  /** A code of the provider's form that is not in its table. */
  readonly unlisted: Code;
  refuse(code: Code): Answer;
  /** Beside `CREDENTIAL`. */
  readonly secrets?: readonly string[];
}

export const message = (over: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  channel: 'sms',
  to: TO,
  code: CODE,
  text: TEXT,
  subject: '',
  html: '',
  locale: 'en',
  purpose: 'login',
  attemptId: 'att_0123456789abcdefghjkmnpq',
  validitySeconds: 240,
  signal: AbortSignal.timeout(5_000),
  ...over,
});

export const verdictOf = (result: AttemptResult) => (result.outcome === 'rejected' ? result.class : result.outcome);

const TIMEOUT_MS = 300;
/** Of the account itself. */
const PATIENCE_MS = 5_000;

/** What every provider must do with each thing its wire can do, on each of its channels. */
export function describeProviderContract(subject: ProviderSubject): void {
  const messageOf = (over: Partial<OutgoingMessage> = {}) =>
    message({ channel: subject.channel, ...subject.message, ...over });

  describe(`${subject.name} as a provider of ${subject.channel}`, () => {
    let wire: Wire;
    let provider: ProviderAdapter;
    const results: unknown[] = [];

    beforeAll(async () => {
      wire = await startWire();
      provider = subject.create(wire.url, PATIENCE_MS);
    });
    afterAll(async () => {
      await provider.close();
      await wire.close();
    });

    async function sendTo(answer: Answer, over: Partial<OutgoingMessage> = {}): Promise<AttemptResult> {
      wire.answer(subject.signIn?.(answer) ?? answer);
      const result = await provider.send(messageOf(over));
      results.push(result);
      return result;
    }

    test('accepts with the id the provider gave', async () => {
      expect(await sendTo(subject.wire.ok)).toEqual({
        outcome: 'accepted',
        providerMessageId: expect.stringMatching(/^\S{8,}$/),
        ...subject.accepted,
      });
    });

    test('keeps its connection between calls', async () => {
      await sendTo(subject.wire.ok);
      const before = wire.connections();
      for (let round = 0; round < 5; round += 1) await sendTo(subject.wire.ok);
      expect(wire.connections()).toBe(before);
    });

    test('calls a throttled, empty 5xx or refused answer transient', async () => {
      expect(await sendTo(subject.wire.throttle)).toMatchObject({
        outcome: 'transient',
        providerCode: subject.codes.throttle,
      });
      expect(await sendTo(raw(503, ''))).toEqual({ outcome: 'transient', providerCode: 'http_503' });
      expect(await sendTo(raw(502, '<html>Bad gateway</html>'))).toEqual({
        outcome: 'transient',
        providerCode: 'http_502',
      });
    });

    test('calls bad credentials configuration and a bad number destination', async () => {
      expect(await sendTo(subject.wire.auth)).toEqual({
        outcome: 'rejected',
        class: 'configuration',
        providerCode: subject.codes.auth,
      });
      expect(await sendTo(subject.wire.reject)).toEqual({
        outcome: 'rejected',
        class: 'destination',
        providerCode: subject.codes.reject,
      });
    });

    test('calls a gateway that gave up waiting unknown', async () => {
      expect(await sendTo(raw(504, ''))).toEqual({ outcome: 'unknown', providerCode: 'http_504' });
    });

    test('reads Retry-After of an HTTP 429', async () => {
      const throttled: Answer = (response) => response.writeHead(429, { 'retry-after': '3' }).end();
      expect(await sendTo(throttled)).toEqual({ outcome: 'transient', providerCode: 'http_429', retryAfterMs: 3_000 });
    });

    test('never calls an answer without a message id accepted', async () => {
      const answers = [raw(200, '<html>hello</html>'), raw(200, ''), raw(200, '{}', 'application/json')];
      const own = subject.withoutId.map((body) => JSON.stringify(body));
      const odd = ['null', '[]', '"ok"', '7', '{', '{"messages":[]}', '{"messages":{}}', ...own];
      for (const answer of [...answers, ...odd.map((body) => raw(200, body, 'application/json'))]) {
        expect((await sendTo(answer)).outcome).toBe('unknown');
      }
    });

    test('calls a hang unknown when its signal fires', async () => {
      const startedAt = performance.now();
      const result = await sendTo(hang, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const tookMs = performance.now() - startedAt;
      expect(result).toEqual({ outcome: 'unknown', providerCode: 'timeout' });
      expect(tookMs).toBeGreaterThan(TIMEOUT_MS - 50);
      // Not by the account's own time-out.
      expect(tookMs).toBeLessThan(PATIENCE_MS);
    });

    test('calls an answer whose body never ends unknown', async () => {
      const stuck: Answer = (response) => {
        response.writeHead(201, { 'content-type': 'application/json' }).write('{"sid":"SM');
      };
      const result = await sendTo(stuck, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      expect(result).toEqual({ outcome: 'unknown', providerCode: 'timeout' });
    });

    test('calls a reset after the request, and a torn answer, unknown', async () => {
      expect((await sendTo(reset)).outcome).toBe('unknown');
      expect((await sendTo(cutAnswer(200, subject.wire.okBody))).outcome).toBe('unknown');
    });

    test('works again after the wire misbehaved', async () => {
      expect((await sendTo(subject.wire.ok)).outcome).toBe('accepted');
    });

    test('calls a refused connection transient: nothing was written', async () => {
      const gone = await startWire();
      await gone.close();
      const lonely = subject.create(gone.url, PATIENCE_MS);
      const result = await lonely.send(messageOf());
      results.push(result);
      expect(result).toEqual({ outcome: 'transient', providerCode: 'ECONNREFUSED' });
      await lonely.close();
    });

    test('calls a host that does not exist transient', async () => {
      const lost = subject.create('http://provider.invalid', PATIENCE_MS);
      const result = await lost.send(messageOf());
      expect(result).toEqual({ outcome: 'transient', providerCode: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) });
      await lost.close();
    });

    test('calls something that is not HTTP unknown, or transient when only the sign-in was written', async () => {
      const server = createServer((socket) => socket.resume().end('SSH-2.0-OpenSSH_9.2\r\n'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const strange = subject.create(`http://127.0.0.1:${port}`, PATIENCE_MS);
      expect((await strange.send(messageOf())).outcome).toBe(subject.signIn ? 'transient' : 'unknown');
      await strange.close();
      await new Promise((resolve) => server.close(resolve));
    });

    test.each(subject.table)('maps code %s to %s', async (code, verdict) => {
      const result = await sendTo(subject.refuse(code));
      expect(verdictOf(result)).toBe(verdict);
      expect(result).toMatchObject({ providerCode: String(code) });
    });

    test('calls a code that is not in the table configuration: another provider may still deliver', async () => {
      expect(await sendTo(subject.refuse(subject.unlisted))).toEqual({
        outcome: 'rejected',
        class: 'configuration',
        providerCode: String(subject.unlisted),
      });
    });

    test('lets nothing of the message or the credentials out', () => {
      expect(results.length).toBeGreaterThan(20);
      const seen = `${inspect(results, { depth: 10 })}${JSON.stringify(results)}${inspect(provider, { depth: 10 })}`;
      const { to, code } = messageOf();
      const inForms = [CREDENTIAL, ...(subject.secrets ?? [])].flatMap((secret) =>
        (['utf8', 'hex', 'base64'] as const).map((form) => Buffer.from(secret).toString(form)),
      );
      for (const secret of [code, code.split('').join(', '), 'Your login OTP', to.replace(/^\+/, ''), ...inForms]) {
        expect(seen).not.toContain(secret);
      }
    });
  });
}
