import { Secret } from '@watchword/platform';
import { expect, test } from 'vitest';
import { createSandboxTokens } from './sandbox-account.ts';

const tokensOf = (byte: number) => createSandboxTokens(new Secret(Buffer.alloc(32, byte)));

test('an account at the sandbox has the same token wherever the installation’s key is', () => {
  expect(tokensOf(1)('platform').reveal()).toBe(tokensOf(1)('platform').reveal());
  expect(tokensOf(1)('prv_1').reveal()).toMatch(/^[\w-]{43}$/);
});

test('nobody who lacks the key knows a token, and no account’s tells another’s', () => {
  const tokens = [1, 2].flatMap((byte) => ['platform', 'prv_1', 'prv_2'].map((name) => tokensOf(byte)(name).reveal()));
  expect(new Set(tokens).size).toBe(tokens.length);
});
