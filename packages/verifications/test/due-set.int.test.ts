import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, LEASE_MS, type Opened, startHarness } from './harness.ts';
import { workflowsOn } from './workflows.fixture.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const { claim, drain, start } = workflowsOn(() => harness);

describe('the due set looks again within 5 s after what was lost on its way to the queue', () => {
  const waits = {
    'a step that began since the one before failed': async (sent: Opened) => {
      harness.travel(40_000);
      await harness.settle(await claim(sent), 'transient');
    },
    'a delivery that waited for another attempt': async (sent: Opened) => {
      harness.travel(40_000);
      const next = { kind: 'later', delayMs: 0 } as const;
      await harness.settle(await claim(sent), 'transient', { next });
    },
    'one whose lease has ended': async (sent: Opened) => {
      harness.travel(40_000);
      await claim(sent);
      harness.travel(LEASE_MS + 1);
    },
  };

  test.each(Object.entries(waits))('%s', async (_, wait) => {
    const sent = await start([{ channel: 'whatsapp' }, { channel: 'sms' }]);
    await wait(sent);
    const entry = await drain(sent);
    expect(entry).toHaveLength(1);
    harness.travel(2_501);
    expect(await drain(sent)).toEqual(entry);
    harness.travel(10_000);
    expect(await drain(sent)).toEqual(entry);
    // The longer it waits there, the longer until the next look: a queue may be long.
    harness.travel(5_000);
    expect(await drain(sent)).toEqual([]);
  });
});
