import { z } from 'zod';
import { CHANNELS } from '../channels.ts';
import { MODES } from '../hop.ts';
import type { ManagedCall } from '../managed-call.ts';
import { PROVIDER_KINDS } from '../project-config.ts';
import { destinationSchema } from '../verification.ts';
import { datedSchema, idParamsSchema, nothingSchema, pageOf, pageQuerySchema } from './paging.ts';

export const ROUTES_MAX = 200;

const channel = z.enum(CHANNELS);
const match = z
  .string()
  .regex(
    /^(\*|[A-Z]{2}|\+[1-9]\d{0,14})$/,
    'must be two capital letters (ISO 3166-1), a number prefix such as +4479, or *',
  )
  .describe(
    'A country, a number prefix such as `+4479`, or `*`; the longest prefix wins, then the country. E-mail and push have no countries: `*` alone',
  );
const providers = z
  .array(
    z.strictObject({
      provider: z.string().min(1).max(64).describe('Its id'),
      weight: z.int().min(0).max(1_000).optional().describe('Its share among those that have a weight'),
    }),
  )
  .min(1)
  .max(10)
  .refine(
    (entries) => new Set(entries.map((entry) => entry.provider)).size === entries.length,
    'must name each provider once',
  )
  .describe('In order of preference');

export const routeSchema = z
  .object({
    ...datedSchema,
    channel,
    match: z.string(),
    providers: z.array(z.object({ provider: z.string(), weight: z.int().optional() })),
  })
  .meta({ id: 'Route' });
export type Route = z.infer<typeof routeSchema>;

export const createRouteSchema = z
  .strictObject({ channel: channel.default('sms'), match: match.default('*'), providers })
  .meta({ id: 'CreateRoute' });
export const changeRouteSchema = z.strictObject({ providers }).meta({ id: 'ChangeRoute' });
export type CreateRoute = z.infer<typeof createRouteSchema>;
export type ChangeRoute = z.infer<typeof changeRouteSchema>;

export const simulateRouteSchema = z
  .strictObject({
    to: destinationSchema,
    channel: channel.optional().describe('Without it the usual one of `to`: `sms`, `email` or `push`'),
    mode: z.enum(MODES).optional().describe('Without it, that of the key that asks'),
  })
  .meta({ id: 'SimulateRoute' });
export type SimulateRoute = z.infer<typeof simulateRouteSchema>;

export const simulatedRouteSchema = z
  .object({
    source: z
      .enum(['project', 'platform'])
      .describe('`platform`: the project has no provider of this mode and channel, and the platform’s own send'),
    route: z
      .string()
      .nullable()
      .describe('Null: none matches, and the project’s providers are asked as they were made'),
    channel,
    match: z.string().nullable(),
    country: z.string().nullable().describe('Of a number, as far as it tells; null for any other address'),
    providers: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          kind: z.enum(PROVIDER_KINDS),
          weight: z.int().nullable(),
          status: z.enum(['enabled', 'draining']),
          is_used: z.boolean().describe('False for one that is draining, or of the other mode'),
        }),
      )
      .describe(
        'In order of preference, without regard to their present health; empty when the platform’s own send, which are in its environment',
      ),
  })
  .meta({ id: 'SimulatedRoute' });
export type SimulatedRoute = z.infer<typeof simulatedRouteSchema>;
export const routePageSchema = pageOf('RoutePage', routeSchema);

const reading = { tag: 'Routes', scope: 'config:read', method: 'GET', status: 200 } as const;
const writing = { tag: 'Routes', scope: 'config:write' } as const;
const all = { path: '/v1/routes' } as const;
const one = { path: '/v1/routes/:id', params: idParamsSchema } as const;

export const ROUTE_CALLS = [
  {
    ...writing,
    ...all,
    operationId: 'createRoute',
    summary: 'Say which providers send where',
    method: 'POST',
    body: createRouteSchema,
    status: 201,
    answer: routeSchema,
    errors: ['already_exists', 'limit_reached', 'no_route'],
  },
  {
    ...reading,
    ...all,
    operationId: 'listRoutes',
    summary: 'List the routes',
    query: pageQuerySchema,
    answer: routePageSchema,
    errors: [],
  },
  { ...reading, ...one, operationId: 'readRoute', summary: 'Read a route', answer: routeSchema, errors: ['not_found'] },
  {
    ...writing,
    ...one,
    operationId: 'changeRoute',
    summary: 'Change a route’s providers',
    method: 'PATCH',
    body: changeRouteSchema,
    status: 200,
    answer: routeSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'no_route'],
  },
  {
    ...writing,
    ...one,
    operationId: 'deleteRoute',
    summary: 'Delete a route',
    method: 'DELETE',
    status: 204,
    answer: nothingSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed'],
  },
  {
    tag: 'Routes',
    scope: 'config:read',
    operationId: 'simulateRoute',
    summary: 'See which providers an address would get',
    method: 'POST',
    path: '/v1/routes/simulate',
    body: simulateRouteSchema,
    status: 200,
    answer: simulatedRouteSchema,
    errors: ['invalid_destination'],
  },
] as const satisfies readonly ManagedCall[];
