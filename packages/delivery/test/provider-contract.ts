import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttemptResult, SmsMessage, SmsProvider } from '../src/index.ts';
import { type Answer, cutAnswer, hang, raw, reset, startWire, type Wire } from './wire.ts';

export const TO = '+14155550123';
const CODE = 'K7Q9ZX4M2P';
export const TEXT = `Your login OTP is ${CODE}. Do not share it with anyone. Valid for 5 minutes.`;
/** Appears in each subject's credentials, so that a leak of them is seen. */
export const CREDENTIAL = 'c0ffee5ecret0c0ffee5ecret0c0ffee';

export interface ProviderSubject {
  readonly name: string;
  create(baseUrl: string, timeoutMs: number): SmsProvider;
  /** Answers of this provider's wire, quoting as much of the request as the real one does. */
  readonly wire: {
    readonly ok: Answer;
    readonly okBody: string;
    readonly throttle: Answer;
    readonly auth: Answer;
    readonly reject: Answer;
  };
  readonly codes: { readonly throttle: string; readonly auth: string; readonly reject: string };
  /** Each documented code with the class it has in our words, and how the wire says it. */
  readonly table: readonly (readonly [code: number, verdict: string])[];
  refuse(code: number): Answer;
}

export const message = (over: Partial<SmsMessage> = {}): SmsMessage => ({
  to: TO,
  text: TEXT,
  attemptId: 'att_0123456789abcdefghjkmnpq',
  validitySeconds: 240,
  signal: AbortSignal.timeout(5_000),
  ...over,
});

export const verdictOf = (result: AttemptResult) => (result.outcome === 'rejected' ? result.class : result.outcome);

const TIMEOUT_MS = 300;

/** What every SMS provider must do with each thing its wire can do. */
export function describeProviderContract(subject: ProviderSubject): void {
  describe(`${subject.name} as an SMS provider`, () => {
    let wire: Wire;
    let provider: SmsProvider;
    const results: unknown[] = [];

    beforeAll(async () => {
      wire = await startWire();
      provider = subject.create(wire.url, 5_000);
    });
    afterAll(async () => {
      await provider.close();
      await wire.close();
    });

    async function sendTo(answer: Answer, over: Partial<SmsMessage> = {}): Promise<AttemptResult> {
      wire.answer(answer);
      const result = await provider.send(message(over));
      results.push(result);
      return result;
    }

    test('accepts with the id the provider gave', async () => {
      expect(await sendTo(subject.wire.ok)).toEqual({
        outcome: 'accepted',
        providerMessageId: expect.stringMatching(/^\S{8,}$/),
        segments: 1,
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
      const odd = [
        'null',
        '[]',
        '"ok"',
        '7',
        '{"messages":[]}',
        '{"messages":{}}',
        '{"messages":[{"status":"0"}]}',
        '{',
      ];
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
      expect(tookMs).toBeLessThan(TIMEOUT_MS + 500);
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
      const lonely = subject.create(gone.url, 5_000);
      const result = await lonely.send(message());
      results.push(result);
      expect(result).toEqual({ outcome: 'transient', providerCode: 'ECONNREFUSED' });
      await lonely.close();
    });

    test('calls a host that does not exist transient', async () => {
      const lost = subject.create('http://provider.invalid', 5_000);
      const result = await lost.send(message());
      expect(result).toEqual({ outcome: 'transient', providerCode: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) });
      await lost.close();
    });

    test('calls something that is not HTTP unknown', async () => {
      const server = createServer((socket) => socket.resume().end('SSH-2.0-OpenSSH_9.2\r\n'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const strange = subject.create(`http://127.0.0.1:${port}`, 5_000);
      expect((await strange.send(message())).outcome).toBe('unknown');
      await strange.close();
      await new Promise((resolve) => server.close(resolve));
    });

    test.each(subject.table)('maps code %i to %s', async (code, verdict) => {
      const result = await sendTo(subject.refuse(code));
      expect(verdictOf(result)).toBe(verdict);
      expect(result).toMatchObject({ providerCode: String(code) });
    });

    test('calls a code that is not in the table configuration: another provider may still deliver', async () => {
      expect(await sendTo(subject.refuse(9999))).toEqual({
        outcome: 'rejected',
        class: 'configuration',
        providerCode: '9999',
      });
    });

    test('lets nothing of the message or the credentials out', () => {
      expect(results.length).toBeGreaterThan(20);
      const seen = `${inspect(results, { depth: 10 })}${JSON.stringify(results)}${inspect(provider, { depth: 10 })}`;
      for (const secret of [CODE, 'Your login OTP', TO.slice(1), CREDENTIAL, Buffer.from(CREDENTIAL).toString('hex')]) {
        expect(seen).not.toContain(secret);
      }
    });
  });
}
