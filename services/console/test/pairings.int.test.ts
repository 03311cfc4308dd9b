import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { PICTURE_TYPE, SCOPES } from '@watchword/contracts';
import {
  attendPairings,
  createPairings,
  createSessions,
  createSocketLease,
  createWhatsAppWeb,
  type OpenSocket,
} from '@watchword/delivery';
import { createLogger, Secret, singleKeyRing } from '@watchword/platform';
import { findLeaks } from '@watchword/testkit';
import { createSealer } from '@watchword/verifications';
import jsqr from 'jsqr';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type CallOptions,
  made as madeBy,
  placesAtRest,
  refusal,
  startConsole,
  type TestConsole,
} from './console.fixture.ts';

const QR = '2@canary-of-a-code/to+be+scanned==,first,second,third';

let log = '';
let tested: TestConsole;
let project: string;
let other: string;
beforeAll(async () => {
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString('utf8');
      done();
    },
  });
  const logger = createLogger({ service: 'console', level: 'trace', destination });
  tested = await startConsole({ env: { WHATSAPP_WEB: 'on' }, parts: { logger } });
  project = await tested.project();
  other = await tested.project();
});
afterAll(() => tested.close());

type Method = 'GET' | 'POST' | 'DELETE';
const call = (method: Method, path: string, body?: object, options: CallOptions = {}) =>
  tested.call(method, path, body, { project, ...options });
const made = (body: object) =>
  madeBy((method, path, sent) => tested.call(method, path, sent, { project }), '/v1/providers', body);

/** A worker with WhatsApp's side of it: a code until `scan`, then an open connection. */
function startWorker() {
  const pairings = createPairings(tested.redis);
  let isPaired = false;
  let live = 0;
  let loggedOut = 0;
  let onScan = () => {};
  const openSocket: OpenSocket = async (session, events) => {
    live += 1;
    setImmediate(() => (isPaired ? events.onOpen() : events.onQr(QR)));
    onScan = () => {
      isPaired = true;
      void session.write({ creds: '{}' }).then(() => events.onClose(515));
    };
    return {
      knows: async () => true,
      sendText: async () => {},
      async logOut() {
        loggedOut += 1;
      },
      end: () => void (live -= 1),
    };
  };
  const web = createWhatsAppWeb({
    openSocket,
    lease: createSocketLease({ redis: tested.redis }),
    sessionOf: createSessions({
      redis: tested.redis,
      sealer: createSealer(singleKeyRing(new Secret(Buffer.alloc(32, 7)))),
    }),
    onQr: (reference, qr) => void pairings.show(reference, qr),
    onState: (...state) => void pairings.tell(...state),
    onReceipt: () => {},
  });
  return {
    attend: () => attendPairings(pairings, web, Date.now()),
    scan: () => onScan(),
    ends: () => ({ live, loggedOut }),
    close: () => web.close(),
  };
}

/** What a camera sees of the picture: each module is a square of the one path. */
function scanned(svg: string): string | undefined {
  const [, size = '0'] = /viewBox="0 0 (\d+) \1"/.exec(svg) ?? [];
  const width = Number(size);
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, side] of svg.matchAll(/M(\d+),(\d+)h(\d+)v\3h-\3z/g)) {
    for (let at = 0; at < Number(side) ** 2; at += 1) {
      const [column, row] = [Number(x) + (at % Number(side)), Number(y) + Math.floor(at / Number(side))];
      pixels.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
    }
  }
  return jsqr.default(pixels, width, width)?.data;
}

let id: string;
let path: string;
const sessionKey = () => `ww:{w:${project}.${id}}:session`;
beforeEach(async () => {
  ({ id } = await made({ name: randomUUID(), kind: 'baileys', mode: 'live' }));
  path = `/v1/providers/${id}/pairing`;
});
/** With what may change a live provider. */
const live = { mode: 'live' } as const;
const state = async () => (await call('GET', path, undefined, live)).body.state;

describe('a provider of WhatsApp Web', () => {
  test('is paired by a code that is asked for, shown and scanned, and stands nowhere else', async () => {
    const worker = startWorker();
    expect((await call('GET', path, undefined, live)).body).toEqual({ state: 'unpaired' });
    const asked = await call('POST', path, {}, live);
    expect([asked.status, asked.body]).toEqual([202, { state: 'connecting' }]);
    expect(refusal(await call('GET', path, undefined, { ...live, accept: PICTURE_TYPE }))).toEqual([
      404,
      'not_found',
      undefined,
    ]);
    await worker.attend();
    await expect.poll(state).toBe('pairing');
    const { body } = await call('GET', path, undefined, live);
    expect(body.qr).toBe(QR);
    const leftMs = Date.parse(body.expires_at ?? '') - Date.now();
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(60_000);

    const picture = await tested.picture(path, { project, ...live });
    expect([picture.status, picture.contentType]).toEqual([200, PICTURE_TYPE]);
    expect(scanned(picture.body)).toBe(QR);

    const meanwhile = await call('POST', path, {}, live);
    expect([meanwhile.status, meanwhile.body.qr]).toEqual([202, QR]);
    await worker.attend();

    worker.scan();
    await expect.poll(state).toBe('paired');
    expect((await call('GET', path, undefined, live)).body).toEqual({ state: 'paired' });
    const again = await call('POST', path, {}, live);
    expect(refusal(again)).toEqual([409, 'already_exists', undefined]);
    expect(again.body.detail).toContain(`DELETE ${path}`);

    const { body: audit } = await call('GET', `/v1/audit?resource_id=${id}`);
    expect(audit.items.map(({ action }) => action)).toEqual(['provider.pair', 'provider.pair', 'provider.create']);
    expect(log).not.toContain('canary-of-a-code');
    expect(findLeaks(['canary-of-a-code'], await placesAtRest(tested))).toEqual([]);
    await worker.close();
  });

  test.each<[string, () => Promise<{ status: number }>]>([
    ['its pairing is ended', () => call('DELETE', path, undefined, live)],
    ['it is deleted', () => call('DELETE', `/v1/providers/${id}`, undefined, { ...live, ifMatch: '*' })],
  ])('is logged out and forgotten when %s', async (_, end) => {
    const worker = startWorker();
    await call('POST', path, {}, live);
    await worker.attend();
    await expect.poll(state).toBe('pairing');
    worker.scan();
    await expect.poll(state).toBe('paired');
    expect(await tested.redis.exists(sessionKey())).toBe(1);
    expect((await end()).status).toBe(204);
    expect(await tested.redis.exists(sessionKey())).toBe(0);
    await worker.attend();
    expect(worker.ends()).toEqual({ live: 0, loggedOut: 1 });
    await worker.close();
  });

  test('is forgotten with its project', async () => {
    await tested.redis.hset(sessionKey(), 'creds', 'sealed');
    const whole = `/v1/projects/${project}`;
    const suspended = await tested.call('PATCH', whole, { status: 'suspended' }, { ifMatch: '*' });
    expect(suspended.status).toBe(200);
    expect((await tested.call('DELETE', whole, undefined, { ifMatch: '*' })).status).toBe(204);
    expect(await tested.redis.exists(sessionKey())).toBe(0);
    project = await tested.project();
  });
});

const CALLS = [
  ['POST', {}],
  ['GET', undefined],
  ['DELETE', undefined],
] as const;

describe.each(CALLS)('%s of a pairing', (method, body) => {
  test('is 404 to another project', async () => {
    expect(refusal(await call(method, path, body, { ...live, project: other }))).toEqual([404, 'not_found', undefined]);
  });

  test('of a live provider needs a live key, or scope platform', async () => {
    const scopes = SCOPES.filter((scope) => scope !== 'platform');
    const refused = await call(method, path, body, { mode: 'test', scopes });
    expect(refusal(refused)).toEqual([403, 'insufficient_scope', '/mode']);
    expect((await call(method, path, body, { mode: 'live', scopes })).status).toBeLessThan(300);
  });

  test.each([
    ['another kind', { kind: 'twilio', mode: 'test' }, 'kind twilio'],
    ['a test provider', { kind: 'baileys', mode: 'test' }, 'test provider'],
  ])('is refused for %s', async (_, of, word) => {
    const provider = await made({ name: randomUUID(), ...of });
    const refused = await call(method, `/v1/providers/${provider.id}/pairing`, body, live);
    expect(refusal(refused)).toEqual([409, 'not_pairable', undefined]);
    expect(refused.body.detail).toContain(word);
  });
});

test('where WhatsApp Web was turned off, nobody pairs, but a pairing can still be ended', async () => {
  await tested.redis.hset(sessionKey(), 'creds', 'sealed');
  const off = await startConsole({ file: tested.file });
  const refused = await off.call('POST', path, {}, { project, ...live });
  expect(refusal(refused)).toEqual([409, 'not_pairable', undefined]);
  expect(refused.body.detail).toContain('WHATSAPP_WEB');
  expect((await off.call('DELETE', path, undefined, { project, ...live })).status).toBe(204);
  expect(await tested.redis.exists(sessionKey())).toBe(0);
  await off.close();
});
