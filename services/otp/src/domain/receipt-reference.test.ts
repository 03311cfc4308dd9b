import { expect, test } from 'vitest';
import { readReference } from './receipt-reference.ts';

const ATTEMPT = `att_${'7'.repeat(26)}-1-2`;
const PROVIDER = `prv_${'7'.repeat(26)}`;

test('a receipt URL names an attempt, an account of the platform, or one of a project', () => {
  expect(readReference(ATTEMPT)).toEqual({ kind: 'attempt', attemptId: ATTEMPT });
  for (const end of ['', `.${'s'.repeat(16)}`]) {
    expect(readReference(`platform${end}`)).toEqual({ kind: 'account', project: undefined });
    expect(readReference(`default.${PROVIDER}${end}`)).toEqual({ kind: 'account', project: 'default' });
  }
});

test.each([
  '',
  'platforms',
  'default',
  PROVIDER,
  `default.${PROVIDER}.short`,
  `${ATTEMPT}.${'s'.repeat(16)}`,
  `a/b.${PROVIDER}`,
])('%j names nothing', (reference) => expect(readReference(reference)).toBeUndefined());
