import { generateKeyPairSync } from 'node:crypto';
import { PROVIDER_KINDS } from '@watchword/contracts';
import { findLeaks } from '@watchword/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { made as madeBy, placesAtRest, refusal, startConsole, type TestConsole } from './console.fixture.ts';

/** Names of the test, and where they lead. */
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  'live.wati.example': ['198.41.0.4'],
  'both.wati.example': ['198.41.0.4', '2001:503:ba3e::2:30'],
  'inside.wati.example': ['10.0.0.7'],
  'half.wati.example': ['198.41.0.4', '169.254.169.254'],
  'six.wati.example': ['fd00::1'],
  'relay.example': ['198.41.0.4'],
};

let tested: TestConsole;
let project: string;
beforeAll(async () => {
  const resolveHost = async (name: string) => HOSTS[name] ?? Promise.reject(new Error('ENOTFOUND'));
  tested = await startConsole({ parts: { resolveHost } });
  project = await tested.project();
});
afterAll(() => tested.close());

const call: TestConsole['call'] = (method, path, body, options) =>
  tested.call(method, path, body, { project, ...options });
const made = (body: object) => madeBy(call, '/v1/providers', body);

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const PEM = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const WATI = { base_url: 'https://live.wati.example/12345' };

/** What a live account of each kind needs at least. */
const LIVE: Readonly<Record<string, { settings: object; credentials: object; channels: string[] }>> = {
  twilio: {
    settings: { account_sid: `AC${'1'.repeat(32)}`, from: '+15005550006' },
    credentials: { auth_token: 'made-up' },
    channels: ['sms', 'voice'],
  },
  vonage: {
    settings: { api_key: 'madeup', from: 'Watchword' },
    credentials: { api_secret: 'made-up' },
    channels: ['sms'],
  },
  vonage_messages: {
    settings: { application_id: '11111111-2222-3333-4444-555555555555', from: '15005550006', template: 'login_otp' },
    credentials: { private_key: PEM },
    channels: ['sms', 'whatsapp'],
  },
  whatsapp_cloud: {
    settings: { phone_number_id: '1234567890', template: 'login_otp' },
    credentials: { access_token: 'made-up' },
    channels: ['whatsapp'],
  },
  wati: { settings: WATI, credentials: { access_token: 'made-up' }, channels: ['whatsapp'] },
  smtp: { settings: { host: 'relay.example', from: 'otp@example.com' }, credentials: {}, channels: ['email'] },
  fcm: {
    settings: { project_id: 'made-up-project', client_email: 'made-up@example.com' },
    credentials: { private_key: PEM },
    channels: ['push'],
  },
};

test.each(PROVIDER_KINDS.filter((kind) => kind in LIVE))(
  'takes a live %s with what it needs, and a test one with nothing',
  async (kind) => {
    const { channels, ...fields } = LIVE[kind] ?? { channels: [] };
    const live = await made({ name: `Live ${kind}`, kind, mode: 'live', ...fields });
    expect([...live.channels].toSorted()).toEqual(channels);
    expect(await made({ name: `Test ${kind}`, kind, mode: 'test' })).toMatchObject({ settings: {} });
    const bare = await call('POST', '/v1/providers', { name: 'Bare', kind, mode: 'live' });
    expect([bare.status, bare.body.code]).toEqual([400, 'invalid_request']);
  },
);

test('WhatsApp Web is refused where it is off, and says why', async () => {
  expect(PROVIDER_KINDS.filter((one) => !(one in LIVE))).toEqual(['baileys']);
  const answer = await call('POST', '/v1/providers', { name: 'Web', kind: 'baileys', mode: 'live' });
  expect(refusal(answer)).toEqual([400, 'invalid_request', '/kind']);
  expect(answer.body.detail).toContain('bans numbers');
});

test('what may be left out alone is required beside the rest of its login', async () => {
  const { settings } = LIVE.vonage_messages ?? { settings: {} };
  const answer = await call('POST', '/v1/providers', { name: 'Half', kind: 'vonage_messages', mode: 'live', settings });
  expect(refusal(answer)).toEqual([400, 'invalid_request', '/credentials/private_key']);
});

test('tells what URL a kind is to call with receipts, without the secret behind it', async () => {
  const secret = 'canary-of-receipts-1';
  const credentials = { access_token: 'made-up', webhook_secret: secret };
  const wati = await made({ name: 'Called', kind: 'wati', mode: 'live', settings: WATI, credentials });
  expect(wati.receipts_path).toBe(`/receipts/wati/${project}.${wati.id}.<webhook_secret>`);
  const meta = await made({ name: 'Meta', kind: 'whatsapp_cloud', mode: 'test' });
  expect(meta.receipts_path).toBe(`/receipts/whatsapp_cloud/${project}.${meta.id}`);
  const twilio = await made({ name: 'Twilio', kind: 'twilio', mode: 'test' });
  expect(twilio.receipts_path).toBeNull();
  expect(JSON.stringify(wati)).not.toContain(secret);
});

test('keeps a key of many lines sealed, and refuses longer or unruly ones', async () => {
  const { settings } = LIVE.fcm ?? { settings: {} };
  const provider = await made({ name: 'Push', kind: 'fcm', mode: 'live', settings, credentials: { private_key: PEM } });
  expect(findLeaks([PEM.split('\n')[5] ?? ''], await placesAtRest(tested))).toEqual([]);
  const asks = (private_key: string) =>
    call('PATCH', `/v1/providers/${provider.id}`, { credentials: { private_key } }, { ifMatch: '*' });
  expect(refusal(await asks('x'.repeat(4_097)))).toEqual([400, 'invalid_request', '/credentials/private_key']);
  expect(refusal(await asks(`${PEM}\0`))).toEqual([400, 'invalid_request', '/credentials/private_key']);
  expect((await asks(PEM)).status).toBe(200);
});

test('says in the copy how many messages a provider may get in a second', async () => {
  const provider = await made({ name: 'Slow', kind: 'twilio', mode: 'test', sends_per_second: 5 });
  expect(provider.sends_per_second).toBe(5);
  const published = async () =>
    (await tested.copies.read(project, 'delivery')).config?.providers.find(({ id }) => id === provider.id)
      ?.sendsPerSecond;
  expect(await published()).toBe(5);
  const path = `/v1/providers/${provider.id}`;
  expect((await call('PATCH', path, { name: 'Slower' }, { ifMatch: '*' })).body.sends_per_second).toBe(5);
  expect((await call('PATCH', path, { sends_per_second: null }, { ifMatch: '*' })).body.sends_per_second).toBeNull();
  expect(await published()).toBeNull();
  for (const sends_per_second of [0, 1.5, 10_001]) {
    const answer = await call('PATCH', path, { sends_per_second }, { ifMatch: '*' });
    expect(refusal(answer)).toEqual([400, 'invalid_request', '/sends_per_second']);
  }
});

test.each([
  'https://127.0.0.1',
  'https://10.1.2.3/api',
  'https://169.254.169.254',
  'https://[::1]',
  'https://[fd00::1]',
  'https://[::ffff:10.0.0.1]',
  'https://localhost',
  'https://2130706433',
  'https://inside.wati.example',
  'https://half.wati.example',
  'https://six.wati.example',
  'https://nowhere.wati.example',
  'http://live.wati.example',
])('refuses %s for a tenant’s messages', async (base_url) => {
  const { id } = await made({
    name: base_url,
    kind: 'wati',
    mode: 'live',
    settings: WATI,
    credentials: { access_token: 'made-up' },
  });
  const fields = { kind: 'wati', mode: 'live', settings: { base_url }, credentials: { access_token: 'made-up' } };
  const pointer = '/settings/base_url';
  expect(refusal(await call('POST', '/v1/providers', { name: 'No', ...fields }))).toEqual([
    400,
    'invalid_request',
    pointer,
  ]);
  const changed = await call('PATCH', `/v1/providers/${id}`, { settings: { base_url } }, { ifMatch: '*' });
  expect(refusal(changed)).toEqual([400, 'invalid_request', pointer]);
});

test('sends credentials that it keeps to no other place than they were given for', async () => {
  const { id } = await made({
    name: 'Moved',
    kind: 'wati',
    mode: 'live',
    settings: WATI,
    credentials: { access_token: 'made-up' },
  });
  const change = (body: object) => call('PATCH', `/v1/providers/${id}`, body, { ifMatch: '*' });
  const settings = { base_url: 'https://both.wati.example' };
  expect(refusal(await change({ settings }))).toEqual([400, 'invalid_request', '/credentials']);
  expect((await change({ settings: { ...WATI, template: 'login_otp' } })).status).toBe(200);
  expect((await change({ settings, credentials: { access_token: 'another' } })).status).toBe(200);
});

test('takes a name all of whose addresses are public, and judges no host of a test account', async () => {
  const settings = { base_url: 'https://both.wati.example' };
  const credentials = { access_token: 'made-up' };
  const both = await made({ name: 'Both', kind: 'wati', mode: 'live', settings, credentials });
  expect(both.status).toBe('enabled');
  const inside = { base_url: 'https://inside.wati.example' };
  expect((await made({ name: 'Inside', kind: 'wati', mode: 'test', settings: inside })).status).toBe('enabled');
});

test('sends no e-mail of a tenant through a relay of ours, or unencrypted', async () => {
  const refused = async (settings: object) => {
    const fields = { name: 'Relay', kind: 'smtp', mode: 'live', settings: { from: 'otp@example.com', ...settings } };
    return refusal(await call('POST', '/v1/providers', fields));
  };
  expect(await refused({ host: '10.0.0.25' })).toEqual([400, 'invalid_request', '/settings/host']);
  expect(await refused({ host: 'localhost' })).toEqual([400, 'invalid_request', '/settings/host']);
  const clear = { host: 'relay.example', security: 'none' };
  expect(await refused(clear)).toEqual([400, 'invalid_request', '/settings/security']);
});
