import type { RunningService } from '@watchword/platform';
import { eventually } from '@watchword/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { createScene, type Scene } from './scene.ts';

let scene: Scene;
let worker: RunningService;
beforeAll(async () => {
  scene = await createScene(inject('redisUrl'));
});
afterEach(() => scene.clearFaults());
afterAll(() => scene.close());

function sendingBy(providers: string): void {
  beforeAll(async () => {
    worker = await scene.startWorker({ WHATSAPP_PROVIDERS: providers });
  });
  afterAll(() => worker.close());
}

const settled = (verification: string) =>
  eventually(
    'an attempt is settled',
    10_000,
    async () => (await scene.timeline(verification)).find(({ type }) => type === 'attempt.settled')?.data,
  );

describe('a WhatsApp message by Meta', () => {
  sendingBy('whatsapp_cloud');

  test('arrives with its code', async () => {
    const { id, to } = await scene.open('test', { channel: 'whatsapp' });
    expect(await settled(id)).toMatchObject({ outcome: 'accepted', provider: 'whatsapp_cloud' });
    const [message] = await scene.inbox(to);
    expect(message).toMatchObject({ provider: 'whatsapp_cloud', code: expect.stringMatching(/^\w{10}$/) });
  });

  test('goes on to WATI when Meta is away', async () => {
    await scene.fault('whatsapp_cloud', 'down');
    const both = await scene.startWorker();
    await worker.close();
    const { id, to } = await scene.open('test', { channel: 'whatsapp' });
    expect(await scene.ended(id)).toMatchObject({
      status: 'accepted',
      attempts: [
        { provider: 'whatsapp_cloud', outcome: 'transient' },
        { provider: 'wati', outcome: 'accepted' },
      ],
    });
    expect(await scene.inbox(to)).toMatchObject([{ provider: 'wati' }]);
    worker = both;
  });
});

describe('a WhatsApp message by WATI', () => {
  sendingBy('wati');

  test('arrives with its code', async () => {
    const { id, to } = await scene.open('test', { channel: 'whatsapp' });
    expect(await settled(id)).toMatchObject({ outcome: 'accepted', provider: 'wati' });
    const [message] = await scene.inbox(to);
    expect(message).toMatchObject({ provider: 'wati', channel: 'whatsapp', code: expect.stringMatching(/^\w{10}$/) });
  });

  test.each([
    ['401', 'authentication_failed', 'WATI API authentication failed'],
    ['403', 'permission_denied', 'permissions'],
    ['404', 'template_not_found', 'WATI template not found'],
    ['400', 'template_not_approved', 'not approved'],
  ])('that is refused with %s is told of as what it is', async (status, code, words) => {
    await scene.fault('wati', 'reject', { code: status });
    const { id } = await scene.open('test', { channel: 'whatsapp' });
    expect(await settled(id)).toMatchObject({ class: 'configuration', provider_code: code });
    const line = await eventually('a line of the log', 5_000, async () =>
      scene
        .log()
        .split('\n')
        .find((text) => text.includes(code)),
    );
    expect(line).toContain(words);
  });
});
