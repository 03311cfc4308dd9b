import { expect, test } from 'vitest';
import { z } from 'zod';
import { createRouter, hopRoute } from './hop-route.ts';

const routeOf = (path: string) =>
  hopRoute({ method: 'GET', path, answer: z.null(), status: 200, handle: async () => null });
const match = createRouter([routeOf('/v1/things'), routeOf('/v1/things/:id')]);

test('a query begins at the first question mark, and what follows is its text, further ones too', () => {
  expect(match('GET', '/v1/things?name=really?&cursor=a?b')?.query).toEqual({ name: 'really?', cursor: 'a?b' });
  expect(match('GET', '/v1/things/x?name=?')).toMatchObject({ params: { id: 'x' }, query: { name: '?' } });
});

test('a path without a query has an empty one', () => {
  expect(match('GET', '/v1/things')?.query).toEqual({});
  expect(match('GET', '/v1/things?')?.query).toEqual({});
});
