import { expect, test } from 'vitest';
import { isMessageId } from './message-id.ts';

test.each(['SM0', 'wamid.HBgLMTQxNTU1NTAxMjM=', 'd38f0c3a-e833-4725-a894-53a2b1dc1af6', 'x'.repeat(128)])(
  '%s names a message',
  (id) => {
    expect(isMessageId(id)).toBe(true);
  },
);

test.each(['', 'x'.repeat(129), 'with space', 'line\n', 'é', 7, null, undefined, {}])('%j names none', (id) => {
  expect(isMessageId(id)).toBe(false);
});
