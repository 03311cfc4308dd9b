import { randomBytes } from 'node:crypto';
import { createPairings, type OpenSocket } from '@watchword/delivery';
import type { RunningService } from '@watchword/platform';
import { eventually } from '@watchword/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { createScene, type Scene } from './scene.ts';

let scene: Scene;
let worker: RunningService | undefined;
beforeAll(async () => {
  scene = await createScene(inject('redisUrl'));
});
afterEach(async () => {
  await worker?.close();
  worker = undefined;
});
afterAll(() => scene.close());

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const newProvider = () => `prv_${[...randomBytes(26)].map((byte) => ALPHABET[byte % 32]).join('')}`;

/** WhatsApp's side: shows a code until `scan`, and acknowledges what is sent. */
function whatsApp() {
  const sent: string[][] = [];
  let isPaired = false;
  let onScan: () => void = () => undefined;
  const openSocket: OpenSocket = async (session, events) => {
    setImmediate(() => (isPaired ? events.onOpen() : events.onQr('2@to-be-scanned')));
    onScan = () => {
      isPaired = true;
      void session.write({ creds: '{"noiseKey":"session-5ecret"}' }).then(() => events.onClose(515));
    };
    return {
      knows: async () => true,
      async sendText(...message) {
        sent.push(message);
        const [, , messageId] = message;
        setImmediate(() => events.onAck(messageId, 3));
      },
      logOut: async () => undefined,
      end: () => undefined,
    };
  };
  return { openSocket, sent, scan: () => onScan() };
}

const settled = (verification: string) =>
  eventually(
    'an attempt is settled',
    10_000,
    async () => (await scene.timeline(verification)).find(({ type }) => type === 'attempt.settled')?.data,
  );

describe('a worker with WhatsApp Web', () => {
  test('pairs an account when it is asked to, sends by it, and hears what became of it', async () => {
    const [project, id] = [`project${Date.now()}`, newProvider()];
    await scene.publish(project, { providers: [scene.provider(id, { kind: 'baileys', mode: 'live' })] });
    const wa = whatsApp();
    worker = await scene.startWorker({ WHATSAPP_WEB: 'on' }, { openWhatsAppSocket: wa.openSocket });
    const [pairings, reference] = [createPairings(scene.redis), `${project}.${id}`];
    await pairings.ask(reference, Date.now());
    const shown = eventually('a QR code', 10_000, async () => (await pairings.read(reference, Date.now())).qr?.text);
    expect(await shown).toBe('2@to-be-scanned');
    wa.scan();
    const state = async () => (await pairings.read(reference, Date.now())).state;
    await eventually('it is paired', 5_000, async () => (await state()) === 'paired' || undefined);
    expect(await pairings.asked(Date.now())).not.toContain(reference);

    const { id: verification, to } = await scene.open('live', { project, channel: 'whatsapp' });
    const told = await eventually('a receipt', 10_000, async () =>
      (await scene.timeline(verification)).find(({ type }) => type === 'receipt.received'),
    );
    expect(told.data).toMatchObject({ status: 'delivered' });
    const deliveries = await eventually('its time to deliver is counted', 5_000, async () => {
      const quality = await scene.redis.hget(`ww:{h:${id}}`, 'quality');
      return Number(quality?.split(' ')[6] ?? 0) || undefined;
    });
    expect(deliveries).toBe(1);
    expect(wa.sent).toHaveLength(1);
    expect(wa.sent[0]?.[0]).toBe(to.slice(1));
    expect(scene.log()).not.toContain('to-be-scanned');
    const kept = await scene.redis.hgetall(`ww:{w:${reference}}:session`);
    expect(Object.keys(kept)).toEqual(['creds']);
    expect(JSON.stringify(kept)).not.toContain('5ecret');

    await pairings.end(reference, Date.now());
    await eventually('its worker has let it go', 10_000, async () =>
      (await pairings.ended(Date.now())).includes(reference) ? undefined : true,
    );
    expect([await state(), await scene.redis.exists(`ww:{w:${reference}}:session`)]).toEqual(['unpaired', 0]);
  });

  test('without it refuses such an account, and says which', async () => {
    const [project, id] = [`project${Date.now()}`, newProvider()];
    await scene.publish(project, { providers: [scene.provider(id, { kind: 'baileys', mode: 'live' })] });
    worker = await scene.startWorker();
    const { id: verification } = await scene.open('live', { project, channel: 'whatsapp' });
    expect(await settled(verification)).toMatchObject({ class: 'configuration', provider_code: 'account_unusable' });
    expect(scene.log()).toContain('WHATSAPP_WEB is off');
  });

  test('never reaches it with a test key', async () => {
    const [project, id] = [`project${Date.now()}`, newProvider()];
    await scene.publish(project, { providers: [scene.provider(id, { kind: 'baileys', mode: 'test' })] });
    const wa = whatsApp();
    worker = await scene.startWorker({ WHATSAPP_WEB: 'on' }, { openWhatsAppSocket: wa.openSocket });
    const { id: verification } = await scene.open('test', { project, channel: 'whatsapp' });
    expect(await settled(verification)).toMatchObject({ class: 'configuration', provider_code: 'no_sandbox' });
    expect(wa.sent).toEqual([]);
  });

  test('does not start when the package is not there, and says what to do', async () => {
    await expect(scene.startWorker({ WHATSAPP_WEB: 'on' })).rejects.toThrow(/baileys@7\.0\.0-rc14/);
  });
});
