import { z } from 'zod';
import type { ManagedCall } from '../managed-call.ts';
import { datedSchema, idParamsSchema, nameSchema, nothingSchema, pageOf, pageQuerySchema } from './paging.ts';

export const LISTS_MAX = 50;
export const LIST_ENTRIES_MAX = 10_000;

const kind = z
  .enum(['allow', 'block'])
  .describe('`block` refuses; `allow` lets through what the country rule would refuse');
const entry = z
  .string()
  .regex(
    /^(\+[1-9](\d{4,14}|\d{0,13}\*)|[\w!#$%&'*+/=?^`{|}~.-]{1,64}@[A-Za-z0-9.-]{3,189})$/,
    'must be a phone number (E.164), a prefix such as +4479*, or an e-mail address',
  );
const entries = z.array(entry).max(LIST_ENTRIES_MAX);

export const listSchema = z
  .object({ ...datedSchema, name: z.string(), kind, size: z.int().describe('How many entries it has') })
  .meta({ id: 'List' });
export type List = z.infer<typeof listSchema>;

export const createListSchema = z
  .strictObject({ name: nameSchema, kind, entries: entries.default([]) })
  .meta({ id: 'CreateList' });
export const changeListSchema = z
  .strictObject({
    name: nameSchema.optional(),
    entries: entries.optional().describe('In place of all entries that it has'),
    add: entries.optional(),
    remove: entries.optional(),
  })
  .refine(({ entries: all, add, remove }) => all === undefined || (add === undefined && remove === undefined), {
    message: 'must not come with add or remove',
    path: ['entries'],
  })
  .meta({ id: 'ChangeList' });
export type CreateList = z.infer<typeof createListSchema>;
export type ChangeList = z.infer<typeof changeListSchema>;
export const listPageSchema = pageOf('ListPage', listSchema);
export const listEntriesSchema = pageOf('ListEntryPage', z.string());

const reading = { tag: 'Lists', scope: 'config:read', method: 'GET', status: 200 } as const;
const writing = { tag: 'Lists', scope: 'config:write' } as const;
const all = { path: '/v1/lists' } as const;
const one = { path: '/v1/lists/:id', params: idParamsSchema } as const;

export const LIST_CALLS = [
  {
    ...writing,
    ...all,
    operationId: 'createList',
    summary: 'Make a list of destinations',
    method: 'POST',
    body: createListSchema,
    status: 201,
    answer: listSchema,
    errors: ['already_exists', 'limit_reached'],
  },
  {
    ...reading,
    ...all,
    operationId: 'listLists',
    summary: 'List the lists',
    query: pageQuerySchema,
    answer: listPageSchema,
    errors: [],
  },
  {
    ...reading,
    ...one,
    operationId: 'readList',
    summary: 'Read a list, without its entries',
    answer: listSchema,
    errors: ['not_found'],
  },
  {
    ...reading,
    scope: 'config:write',
    operationId: 'readListEntries',
    summary: 'Read the entries of a list',
    description: 'Whole destinations: a key that may only read configuration does not get them.',
    path: '/v1/lists/:id/entries',
    params: idParamsSchema,
    query: pageQuerySchema,
    answer: listEntriesSchema,
    errors: ['not_found'],
  },
  {
    ...writing,
    ...one,
    operationId: 'changeList',
    summary: 'Change a list',
    method: 'PATCH',
    body: changeListSchema,
    status: 200,
    answer: listSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'already_exists', 'limit_reached'],
  },
  {
    ...writing,
    ...one,
    operationId: 'deleteList',
    summary: 'Delete a list',
    method: 'DELETE',
    status: 204,
    answer: nothingSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed'],
  },
] as const satisfies readonly ManagedCall[];
