import { expect, test } from 'vitest';
import { mayCall } from './scopes.ts';

test('a scope allows its own calls, writing configuration also to read it, and nothing else', () => {
  expect(mayCall(['verifications:read'], ['verifications:read'])).toBe(true);
  expect(mayCall(['verifications:write'], ['verifications:read', 'verifications:write'])).toBe(true);
  expect(mayCall(['config:write'], ['config:read'])).toBe(true);
  expect(mayCall(['config:read'], ['config:write'])).toBe(false);
  expect(mayCall(['verifications:write'], ['verifications:read'])).toBe(false);
  expect(mayCall(['config:write'], ['keys:write'])).toBe(false);
  expect(mayCall(['config:read', 'config:write', 'keys:write', 'verifications:read'], ['platform'])).toBe(false);
  expect(mayCall([], ['config:read'])).toBe(false);
});
