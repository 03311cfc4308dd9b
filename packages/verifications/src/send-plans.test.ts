import { expect, test } from 'vitest';
import { channelWithoutAddress, decodePlan, encodePlan, type SendPlan, secondaryKindsOf } from './send-plans.ts';

test.each<[SendPlan, string]>([
  [{ kind: 'at_once', channels: ['sms'] }, 'sms'],
  [{ kind: 'at_once', channels: ['sms', 'email'] }, 'sms+email'],
  [{ kind: 'in_turn', steps: [{ channel: 'email', timeout_s: 30 }, { channel: 'whatsapp' }] }, 'email:30,whatsapp:0'],
])('%j stands in Redis as %s, and is read back', (plan, text) => {
  expect(encodePlan(plan)).toBe(text);
  expect(decodePlan(text)).toEqual(plan);
});

test('a workflow of one step is a plain send: there is nothing to go on to', () => {
  expect(encodePlan({ kind: 'in_turn', steps: [{ channel: 'voice', timeout_s: 30 }] })).toBe('voice');
});

test('a plan is told which of its channels has no address', () => {
  const plan: SendPlan = { kind: 'in_turn', steps: [{ channel: 'sms' }, { channel: 'push' }] };
  expect(channelWithoutAddress(plan, { phone: '+14155550123' })).toBe('push');
  expect(channelWithoutAddress(plan, { phone: '+14155550123', device_token: 'x'.repeat(20) })).toBeUndefined();
});

test('beside the primary address only those count that a channel goes to', () => {
  const addresses = { phone: '+14155550123', email: 'ada@example.com', device_token: 'x'.repeat(20) };
  expect(secondaryKindsOf(['sms', 'voice'], addresses)).toEqual([]);
  expect(secondaryKindsOf(['email', 'sms'], addresses)).toEqual(['email']);
  expect(secondaryKindsOf(['push', 'email'], addresses)).toEqual(['email', 'device_token']);
  expect(secondaryKindsOf(['email'], { email: 'ada@example.com' })).toEqual([]);
});
