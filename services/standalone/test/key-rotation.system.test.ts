import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@watchword/platform/redis-server';
import { type Child, eventually, freshNumber, type Platform, startPlatform } from '@watchword/testkit';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const KEYS = fileURLToPath(new URL('../../../infra/keys/main.ts', import.meta.url));

let platform: Platform;
let otp: Child | undefined;
let worker: Child | undefined;
beforeAll(async () => {
  const port = String(await freePort());
  platform = await startPlatform({
    without: ['otp', 'worker', 'recorder'],
    env: { OTP_PORT: port, OTP_URL: `http://127.0.0.1:${port}`, PACING_SECONDS: '0', SENDS_MAX: '20' },
  });
  await restart();
});
afterAll(() => platform.stop());

/** Ends and starts what holds rings; without a worker, what is sent stays in the queue. */
async function restart({ withWorker = true } = {}): Promise<void> {
  await Promise.all([worker?.stop(), otp?.stop()]);
  otp = await platform.startService('otp');
  worker = withWorker ? await platform.startService('worker') : undefined;
}

/** `npm run keys -- …`: what it printed; the message of its refusal is thrown. */
async function keys(...args: string[]): Promise<string> {
  const options = { env: { PATH: process.env.PATH, DATA_DIR: platform.directory } };
  const { stdout } = await run(process.execPath, ['--conditions=watchword-source', KEYS, ...args], options);
  return stdout;
}

async function open(to = freshNumber()) {
  const { status, body } = await platform.open(to);
  expect(status).toBe(202);
  return {
    to,
    id: body.id,
    codeOf: async (count = 1) => (await platform.waitForMessage(to, 15_000, count)).code ?? '',
  };
}
async function openAndRead() {
  const opened = await open();
  return { ...opened, code: await opened.codeOf() };
}
const checkOf = async (id: string, code: string) => (await platform.check(id, code)).body;

test('codes opened and deliveries sealed before a rotation of pepper and seal key work after it, and so do new ones', async () => {
  const arrived = await openAndRead();
  await worker?.stop();
  const pending = await open();
  expect(await keys('rotate', 'pepper')).toMatch(/2 {2}current[^]*Next: restart otp/);
  expect(await keys('rotate', 'seal')).toMatch(/2 {2}current[^]*Next: restart worker, recorder and console, then otp/);
  await restart();
  expect(await checkOf(pending.id, await pending.codeOf())).toMatchObject({ valid: true, result: 'approved' });
  expect(await checkOf(arrived.id, arrived.code)).toMatchObject({ valid: true, result: 'approved' });
  const fresh = await openAndRead();
  expect(await checkOf(fresh.id, fresh.code)).toMatchObject({ valid: true, result: 'approved' });
});

test('what was made with retired keys is refused without an error, and the next code works', async () => {
  const arrived = await openAndRead();
  await restart({ withWorker: false });
  const pending = await open();
  const current = (await keys('list')).match(/\d+(?= {2}current)/)?.[0] ?? '';
  for (const ring of ['pepper', 'seal']) {
    await keys('rotate', ring);
    await expect(keys('retire', ring, current)).rejects.toThrow(/codes made with it may be open/);
    await keys('retire', ring, current, '--force');
  }
  await restart();
  expect(await checkOf(arrived.id, arrived.code)).toMatchObject({ valid: false, result: 'expired', status: 'expired' });
  const failed = await eventually('the end of the delivery', 15_000, async () =>
    (await platform.timeline(pending.id)).body.events.find(({ type }) => type === 'attempt.settled'),
  );
  expect(failed.data).toMatchObject({ outcome: 'rejected', provider_code: 'seal_key_missing' });
  const read = await platform.call('GET', `/v1/verifications/${arrived.id}`);
  expect(read).toMatchObject({ status: 200, body: { status: 'expired', deliveries: [{ to_masked: '+***' }] } });
  const next = await open(pending.to);
  expect(next.id).not.toBe(pending.id);
  expect(await checkOf(next.id, await next.codeOf())).toMatchObject({ valid: true });
});

test('tokens of the previous key verify until it is retired', async () => {
  await keys('add', 'token');
  await restart();
  const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', platform.file.gateway ?? ''));
  const verify = async (token: string) => {
    const expected = { issuer: 'watchword', audience: 'default:test', typ: 'verification+jwt', algorithms: ['EdDSA'] };
    return (await jwtVerify(token, jwks, expected)).payload.sub;
  };
  const approve = async () => {
    const { to, id, code } = await openAndRead();
    return { to, token: (await checkOf(id, code)).token ?? '' };
  };
  const consume = (token: string) => platform.call('POST', '/v1/tokens/consume', { token });

  const [before, spent] = [await approve(), await approve()];
  await keys('promote', 'token');
  await restart();
  const after = await approve();
  const kidOf = ({ token }: { token: string }) => decodeProtectedHeader(token).kid;
  expect(kidOf(after)).not.toBe(kidOf(before));
  expect([await verify(before.token), await verify(after.token)]).toEqual([before.to, after.to]);
  expect((await consume(spent.token)).status).toBe(200);

  await keys('retire', 'token', '1', '--force');
  await restart();
  expect(await consume(before.token)).toMatchObject({ status: 422, body: { code: 'token_invalid' } });
  expect((await consume(after.token)).status).toBe(200);
});

test('no command prints a key', async () => {
  const file = JSON.parse(readFileSync(join(platform.directory, 'keys.json'), 'utf8')) as Record<string, unknown>;
  const printed = (await keys('list')) + (await keys('add', 'index')) + (await keys('promote', 'index'));
  const secrets = Object.values(file)
    .filter((value) => typeof value === 'string')
    .flatMap((value) => value.split(','))
    .map((entry) => entry.split(':').at(-1) ?? '');
  expect(secrets.length).toBeGreaterThan(8);
  for (const secret of secrets) expect(printed).not.toContain(secret);
});
