import { randomBytes } from 'node:crypto';
import type { SendingConfig } from '@watchword/contracts';
import { createConfigCache, createLogger, Secret, singleKeyRing } from '@watchword/platform';
import { createSealer } from '@watchword/verifications';
import { expect, test } from 'vitest';
import { createCodePolicyOf } from '../domain/code-policies.ts';
import { createRulesOf } from './project-rules.ts';

const defaults = {
  CODE_ALPHABET: 'digits',
  CODE_LENGTH: 6,
  CODE_TTL_SECONDS: 300,
  CHECKS_MAX: 3,
  SENDS_MAX: 5,
  SENDS_WINDOW_SECONDS: 600,
  PACING_SECONDS: [60],
  RESEND_MODE: 'overlap',
  STREAK_FREE_CHECKS: 9,
  ENDED_RETENTION_SECONDS: 86_400,
} as const;
const policyOf = createCodePolicyOf({ ...defaults, PACING_SECONDS: [60] });
const ring = () => singleKeyRing(new Secret(randomBytes(32)));

function startRules(config: SendingConfig | null, sealer = createSealer(ring())) {
  let reads = 0;
  let unsealed = 0;
  const lines: string[] = [];
  const copies = {
    read: async () => {
      reads += 1;
      return { epoch: config === null ? 0 : 5, config } as never;
    },
  };
  const rulesOf = createRulesOf({
    cache: createConfigCache({ copies, part: 'sending' }),
    policyOf,
    sealer: {
      unseal: (...sealed) => {
        unsealed += 1;
        return sealer.unseal(...sealed);
      },
    },
    logger: createLogger({ service: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } }),
  });
  return { rulesOf, lines, counts: () => ({ reads, unsealed }) };
}

const everywhere = { policies: {}, pause: { all: false, countries: [] }, smsCountries: null };

test('a copy is read and its lists are opened once for an epoch, however many calls there are', async () => {
  const sealer = createSealer(ring());
  const entries = sealer.seal('["+14155550123"]', 'lst_1', 'entries').toString('base64');
  const { rulesOf, counts } = startRules({ ...everywhere, lists: [{ id: 'lst_1', kind: 'block', entries }] }, sealer);
  for (const epoch of [5, 0, 4, 5]) {
    const { sending } = await rulesOf({ project: 'p', epoch });
    expect(typeof sending.lists === 'object' && sending.lists.blocked.has('+14155550123')).toBe(true);
  }
  expect(counts()).toEqual({ reads: 1, unsealed: 1 });
});

test('a project without a copy has the defaults, and is asked for once', async () => {
  const { rulesOf, counts } = startRules(null);
  const [first, second] = [await rulesOf({ project: 'p', epoch: 0 }), await rulesOf({ project: 'p', epoch: 0 })];
  expect(first.policyFor('login')).toEqual(policyOf('login'));
  expect(second.purposes).toEqual([]);
  expect(counts().reads).toBe(1);
});

test('a list that cannot be opened is said once, without what is in it', async () => {
  const foreign = createSealer(ring()).seal('["+14155550123"]', 'lst_1', 'entries').toString('base64');
  const { rulesOf, lines } = startRules({ ...everywhere, lists: [{ id: 'lst_1', kind: 'allow', entries: foreign }] });
  for (let calls = 0; calls < 3; calls += 1) {
    expect((await rulesOf({ project: 'p', epoch: 5 })).sending.lists).toBe('unreadable');
  }
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('lst_1');
  expect(lines[0]).not.toContain(foreign);
});

test('a policy says over which channels its codes go one after another, and what an unknown outcome is worth', () => {
  const workflow = [{ channel: 'email', timeout_s: 30 } as const, { channel: 'sms' } as const];
  expect(policyOf('login', { workflow, on_unknown: 'wait' })).toMatchObject({ workflow, onUnknown: 'wait' });
  expect(policyOf('login')).toMatchObject({ workflow: [], onUnknown: 'resend' });
});

test('a transaction always rotates, and no policy makes wrong checks cheaper', () => {
  expect(policyOf('login').codesValidMax).toBe(3);
  expect(policyOf('transaction', { resend_mode: 'overlap' }).codesValidMax).toBe(1);
  expect(policyOf('login', { resend_mode: 'rotate', checks_max: 10 })).toMatchObject({
    codesValidMax: 1,
    checksMax: 10,
    streakFreeChecks: 9,
  });
});
