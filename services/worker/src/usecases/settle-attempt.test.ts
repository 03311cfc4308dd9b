import { expect, test } from 'vitest';
import { claimed, stage, transient, unknown } from '../../test/stage.ts';

test('ends the job and says so when its settlement is stale', async () => {
  const { run, sent, recorded, observed } = stage({
    answers: { twilio: transient },
    probing: ['vonage'],
    settle: () => 'stale',
  });
  expect((await run()).result).toBe('stale');
  expect(sent).toHaveLength(1);
  expect(observed).toContain('stale att_1');
  expect(recorded).toContainEqual(['vonage', 'neutral']);
});

test('settles again until Redis takes it, and sends only once', async () => {
  const { run, sent, settled, observed } = stage({
    settle: (call) => {
      if (call < 3) throw new Error('Connection is closed.');
      return 'settled';
    },
  });
  expect((await run()).result).toBe('accepted');
  expect(sent).toHaveLength(1);
  expect(settled).toHaveLength(1);
  expect(observed.filter((line) => line === 'settle failed att_1')).toHaveLength(2);
});

test('gives up settling when the code is dead', async () => {
  const { run, sent } = stage({
    claims: [claimed(1, { remainingMs: 50 })],
    settle: () => {
      throw new Error('Connection is closed.');
    },
  });
  await expect(run()).rejects.toThrow('Connection is closed.');
  expect(sent).toHaveLength(1);
});

test('settles although the health could not be recorded, or the next provider not be chosen', async () => {
  const { run, settled, observed } = stage({ recordFails: true });
  expect((await run()).result).toBe('accepted');
  expect(settled).toHaveLength(1);
  expect(observed).toContain('record failed twilio');

  const away = stage({
    answers: { twilio: unknown },
    permit: (provider) => {
      if (provider === 'vonage') throw new Error('Too many Cluster redirections');
    },
  });
  expect((await away.run()).result).toBe('unknown');
  expect(away.settled).toHaveLength(1);
});
