import { expect, test } from 'vitest';
import { z } from 'zod';
import type { AppError } from '../errors.ts';
import { compileValidator } from './validation.ts';

const schema = z.strictObject({
  to: z.union([z.string().max(5), z.strictObject({ phone: z.string() }), z.array(z.int())], { error: 'is neither' }),
});
const mistakesIn = (body: unknown) => {
  const { error } = compileValidator({ schema })(body) as { error?: AppError };
  return error?.options.errors?.map(({ pointer, detail }) => [pointer, detail]);
};

test('of a field that has several forms, the mistakes are those of the form that was given', () => {
  expect(mistakesIn({ to: 'short' })).toBeUndefined();
  expect(mistakesIn({ to: { phone: 5, fax: '1' } })).toMatchObject([
    ['/to/phone', expect.any(String)],
    ['/to/fax', 'is not a known field'],
  ]);
  expect(mistakesIn({ to: [1, 'two'] })).toMatchObject([['/to/1', expect.any(String)]]);
  expect(mistakesIn({ to: 'too long' })).toMatchObject([['/to', expect.any(String)]]);
});

test('a form that it has not is a mistake of the field itself', () => {
  expect(mistakesIn({ to: 5 })).toEqual([['/to', 'is neither']]);
  expect(mistakesIn({})).toEqual([['/to', 'is neither']]);
});
