import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningService } from '@watchword/platform';
import { type PrivateRedis, startPrivateRedis } from '@watchword/platform/redis-server';
import { eventually } from '@watchword/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createScene, type Scene } from './scene.ts';

describe('a worker whose Redis goes away while a provider answers', () => {
  let directory: string;
  let server: PrivateRedis;
  let scene: Scene;
  let worker: RunningService;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'watchword-worker-'));
    server = await startServer();
    scene = await createScene(server.url);
    worker = await scene.startWorker({ PROVIDER_TIMEOUT_MS: '5000' });
  });
  afterAll(async () => {
    // The set-up may have failed half-way: what it did start must still end.
    await (worker as RunningService | undefined)?.close();
    await (scene as Scene | undefined)?.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => scene.clearFaults());

  /** In the same directory it has the same port, password and data. */
  const startServer = () => startPrivateRedis({ directory, progress: () => undefined });

  async function attemptsCounted(): Promise<number> {
    const metrics = await (await fetch(`${worker.adminUrl}/metrics`)).text();
    return Number(/^watchword_attempt_duration_seconds_count\{.*provider="twilio".*\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
  }

  const providerAnswered = (to: string) =>
    eventually('the provider has the message', 5_000, async () => (await scene.inbox(to)).length > 0 || undefined);

  async function expectOneSettledMessage(id: string, to: string): Promise<void> {
    expect(await scene.ended(id)).toMatchObject({ status: 'accepted', attempts: [{ provider: 'twilio', attempt: 1 }] });
    expect(await scene.inbox(to)).toHaveLength(1);
    expect((await scene.timeline(id)).filter(({ type }) => type === 'attempt.settled')).toHaveLength(1);
  }

  test('settles once it is back, when it was frozen', async () => {
    await scene.fault('twilio', 'ok', { delay_ms: 1_000 });
    const { id, to } = await scene.open();
    await scene.attemptStarted(id);
    process.kill(server.pid, 'SIGSTOP');
    try {
      expect((await fetch(`${worker.adminUrl}/readyz`)).status).toBe(503);
      const metrics = await (await fetch(`${worker.adminUrl}/metrics`)).text();
      expect(metrics).toContain('watchword_attempt_duration_seconds');
      expect(metrics).not.toMatch(/^watchword_circuit_state\{/m);
      await providerAnswered(to);
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await expectOneSettledMessage(id, to);
  });

  test.each([
    ['before the provider answered', false],
    ['with the settlement written and not carried out', true],
  ])('settles once it is back, and consumes again, when it was killed %s', async (_, frozenFirst) => {
    await scene.fault('twilio', 'ok', { delay_ms: 1_000 });
    const { id, to } = await scene.open();
    await scene.attemptStarted(id);
    const counted = await attemptsCounted();
    if (frozenFirst) {
      process.kill(server.pid, 'SIGSTOP');
      await providerAnswered(to);
      await eventually('the attempt is counted, just before it is settled', 5_000, async () =>
        (await attemptsCounted()) > counted ? true : undefined,
      );
    }
    process.kill(server.pid, 'SIGKILL');
    if (!frozenFirst) await providerAnswered(to);
    await server.stop();
    server = await startServer();
    await expectOneSettledMessage(id, to);

    expect(await scene.ended((await scene.open()).id)).toMatchObject({ status: 'accepted' });
    await eventually('the worker is ready', 5_000, async () =>
      (await fetch(`${worker.adminUrl}/readyz`)).ok ? true : undefined,
    );
  });
});
