import { CHANNELS, type Channel, type OpenVerification, type WorkflowStep } from '@watchword/contracts';
import type { AppError } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import { readDestinations } from './destinations.ts';
import { channelsOf, choosePlan, mistakeOf, noAddressFor } from './send-plan.ts';

const PHONE = '+14155550123';
const EMAIL = 'ann@example.com';
const TOKEN = 'fcm-token_of:a-device';
const ALL = { phone: PHONE, email: EMAIL, device_token: TOKEN };

type Ways = Pick<OpenVerification, 'channel' | 'channels' | 'workflow'>;
const plan = (to: OpenVerification['to'], ways: Ways = {}, workflow: readonly WorkflowStep[] = []) =>
  choosePlan({ to, ...ways }, readDestinations(to).addresses, { workflow });
const atOnce = (...channels: Channel[]) => ({ kind: 'at_once', channels });

describe('without a word about channels', () => {
  test.each([
    [PHONE, 'sms'],
    [EMAIL, 'email'],
    [TOKEN, 'push'],
    [ALL, 'sms'],
    [{ email: EMAIL, device_token: TOKEN }, 'email'],
  ] as const)('a code for %j goes over %s', (to, channel) => {
    expect(plan(to)).toEqual(atOnce(channel));
  });

  const workflow: WorkflowStep[] = [{ channel: 'email', timeout_s: 30 }, { channel: 'whatsapp' }];

  test('the policy’s workflow goes first, by those of its steps that have an address', () => {
    expect(plan(ALL, {}, workflow)).toEqual({ kind: 'in_turn', steps: workflow });
    expect(plan(PHONE, {}, workflow)).toEqual({ kind: 'in_turn', steps: [workflow[1]] });
    expect(plan(EMAIL, {}, workflow)).toEqual({ kind: 'in_turn', steps: [workflow[0]] });
  });

  test('a workflow none of whose steps has an address leaves the usual channel', () => {
    expect(plan(TOKEN, {}, workflow)).toEqual(atOnce('push'));
  });
});

test('what the call says goes before the policy', () => {
  const workflow: WorkflowStep[] = [{ channel: 'voice' }];
  const steps: WorkflowStep[] = [{ channel: 'push', timeout_s: 10 }, { channel: 'sms' }];
  expect(plan(PHONE, { channel: 'whatsapp' }, workflow)).toEqual(atOnce('whatsapp'));
  expect(plan(ALL, { channels: ['sms', 'email'] }, workflow)).toEqual(atOnce('sms', 'email'));
  expect(plan(ALL, { workflow: steps }, workflow)).toEqual({ kind: 'in_turn', steps });
  expect(channelsOf(plan(ALL, { workflow: steps }))).toEqual(['push', 'sms']);
});

describe('a workflow of the call', () => {
  const refusal = (workflow?: WorkflowStep[], policy: Partial<Parameters<typeof mistakeOf>[1]> = {}) => {
    const mistake = mistakeOf({ workflow }, { onUnknown: 'resend', codeTtlMs: 300_000, ...policy });
    return mistake && [mistake.code, mistake.options.errors?.map(({ pointer }) => pointer)];
  };
  const endless: WorkflowStep[] = [{ channel: 'voice', timeout_s: 30 }, { channel: 'whatsapp' }, { channel: 'sms' }];

  test('needs an end of every step but the last where an unknown outcome is waited for', () => {
    expect(refusal(endless, { onUnknown: 'wait' })).toEqual(['invalid_request', ['/workflow/1/timeout_s']]);
    expect(refusal(endless)).toBeUndefined();
    expect(refusal(endless.slice(0, 2), { onUnknown: 'wait' })).toBeUndefined();
  });

  test('has no step that outlives the code', () => {
    const long: WorkflowStep[] = [
      { channel: 'voice', timeout_s: 60 },
      { channel: 'sms', timeout_s: 600 },
    ];
    expect(refusal(long)).toBeUndefined();
    expect(refusal(long, { codeTtlMs: 60_000 })).toEqual(['invalid_request', ['/workflow/0/timeout_s']]);
  });

  test('is judged; the policy’s was when it was saved', () => {
    expect(plan(PHONE, {}, endless)).toEqual({ kind: 'in_turn', steps: endless });
    expect(refusal(undefined, { onUnknown: 'wait' })).toBeUndefined();
  });
});

describe('a channel that the call gives no address for is refused', () => {
  const refusal = (to: OpenVerification['to'], ways: Ways) => {
    try {
      return plan(to, ways);
    } catch (error) {
      const { code, options } = error as AppError;
      expect(code).toBe('invalid_destination');
      return options.errors?.map(({ pointer }) => pointer);
    }
  };

  test('naming the fields that are missing', () => {
    expect(refusal({ phone: PHONE }, { channel: 'email' })).toEqual(['/to/email']);
    expect(refusal({ email: EMAIL }, { channels: ['sms', 'voice', 'push', 'email'] })).toEqual([
      '/to/phone',
      '/to/device_token',
    ]);
    expect(refusal({ phone: PHONE }, { workflow: [{ channel: 'sms' }, { channel: 'email' }] })).toEqual(['/to/email']);
  });

  test('or the text that is another kind of address', () => {
    for (const channel of CHANNELS.filter((one) => one !== 'push')) {
      expect(refusal(TOKEN, { channel })).toEqual(['/to']);
    }
    expect(() => plan(PHONE, { channel: 'email' })).toThrow(/an e-mail address, which channel email needs/);
  });
});

test('a resend names the channel that has no address', () => {
  expect(noAddressFor('email').options.errors).toEqual([
    { pointer: '/channel', detail: 'needs an e-mail address, and the verification was opened without one' },
  ]);
});
