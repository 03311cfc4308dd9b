import { randomBytes } from 'node:crypto';
import type { DeliveryConfig, ReceiptCall } from '@watchword/contracts';
import { createLogger, Secret, singleKeyRing } from '@watchword/platform';
import { createSealer } from '@watchword/verifications';
import { expect, test } from 'vitest';
import { createReadProjectCall } from './project-receipts.ts';

const call: ReceiptCall = { method: 'POST', query: '', contentType: '', headers: {}, body: '' };
const incoming = { ...call, reference: 'default.prv_1', url: null, body: Buffer.alloc(0) };

function start(configs: readonly DeliveryConfig[]) {
  const sealer = createSealer(singleKeyRing(new Secret(randomBytes(32))));
  let [reloads, unsealed] = [0, 0];
  const copyOf = (index: number) => ({ epoch: index, config: configs[index] ?? null });
  const cache = {
    fresh: async () => copyOf(0),
    reload: async () => {
      reloads += 1;
      return copyOf(1);
    },
  };
  const readProjectCall = createReadProjectCall({
    cache,
    sealer: {
      unseal: (...sealed) => {
        unsealed += 1;
        return sealer.unseal(...sealed);
      },
    },
    sandboxTokenOf: (account) => new Secret(`token-of-${account}`),
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  const seal = (id: string, credentials: object) =>
    sealer.seal(JSON.stringify(credentials), id, 'credentials').toString('base64');
  return { readProjectCall, seal, counts: () => ({ reloads, unsealed }) };
}

const configOf = (providers: DeliveryConfig['providers']): DeliveryConfig => ({ providers, routes: [], templates: [] });

test('what was read is read anew for a call about an attempt, and for no call that anyone can make up', async () => {
  const { readProjectCall, counts } = start([configOf([]), configOf([])]);
  expect(await readProjectCall('whatsapp_cloud', 'default', incoming, false)).toBeNull();
  expect(counts().reloads).toBe(0);
  expect(await readProjectCall('whatsapp_cloud', 'default', incoming, true)).toBeNull();
  expect(counts().reloads).toBe(1);
});

test('the accounts of a copy are opened once, however many calls there are', async () => {
  const configs: DeliveryConfig[] = [];
  const { readProjectCall, seal, counts } = start(configs);
  const common = { name: 'own', isDraining: false, costMicros: {}, sendsPerSecond: null, mode: 'live' } as const;
  const settings = { phone_number_id: '1234567890', template: 'otp' };
  const credentials = seal('prv_1', { access_token: 'x', app_secret: 'y' });
  configs.push(configOf([{ ...common, id: 'prv_1', kind: 'whatsapp_cloud', settings, credentials }]));
  for (let calls = 0; calls < 3; calls += 1) {
    expect(await readProjectCall('whatsapp_cloud', 'default', incoming, false)).toBeNull();
  }
  expect(counts().unsealed).toBe(1);
});
