import { z } from 'zod';
import { CHANNELS } from '../channels.ts';
import type { ManagedCall } from '../managed-call.ts';
import { autofillSchema, bindingSchema, localeSchema, variablesSchema } from '../verification.ts';
import {
  datedSchema,
  idParamsSchema,
  lineSchema,
  linesSchema,
  nothingSchema,
  pageOf,
  pageQuerySchema,
  purposeSchema,
} from './paging.ts';

export const TEMPLATES_MAX = 200;

const purpose = z.union([purposeSchema, z.literal('*')]).describe('A purpose, or `*` for those without a template');
const channel = z.enum(CHANNELS);
const locale = z
  .string()
  .max(35)
  .regex(/^(\*|[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)$/, 'must be a BCP 47 language tag, or *')
  .describe('BCP 47 language tag, kept in its canonical spelling (`PT-br` is `pt-BR`); `*` for any');
const text = linesSchema
  .min(1)
  .max(10_000)
  .describe(
    'With `{{code}}` (or `{{otp}}`) exactly once, and perhaps `{{ttl_minutes}}`, `{{ttl_seconds}}`, `{{purpose}}`, `{{amount}}`, `{{payee}}` and `{{variables.name}}`. At most 1,600 characters but for an e-mail; an SMS has at most 10 segments',
  );
const subject = lineSchema
  .min(1)
  .max(200)
  .nullable()
  .describe('Of an e-mail, and the title of a push message; null = the shipped one. The same placeholders');
const html = linesSchema
  .min(1)
  .max(20_000)
  .nullable()
  .describe('Of an e-mail, beside its text; null = made of the text. The same placeholders, whose values are escaped');

export const templateSchema = z
  .object({
    ...datedSchema,
    purpose: z.string(),
    channel,
    locale: z.string(),
    text: z.string(),
    subject: z.string().nullable(),
    html: z.string().nullable(),
  })
  .meta({ id: 'Template' });
export type Template = z.infer<typeof templateSchema>;

export const createTemplateSchema = z
  .strictObject({
    purpose: purpose.default('*'),
    channel: channel.default('sms'),
    locale: locale.default('*'),
    text,
    subject: subject.default(null),
    html: html.default(null),
  })
  .meta({ id: 'CreateTemplate' });
export const changeTemplateSchema = z
  .strictObject({ text: text.optional(), subject: subject.optional(), html: html.optional() })
  .meta({ id: 'ChangeTemplate' });
export type CreateTemplate = z.infer<typeof createTemplateSchema>;
export type ChangeTemplate = z.infer<typeof changeTemplateSchema>;

export const previewTemplateSchema = z
  .strictObject({
    text: text.optional().describe('Another text than the one that is kept, to try it before it is'),
    subject: subject.optional().describe('Another subject'),
    html: html.optional().describe('Another HTML'),
    purpose: purposeSchema.optional(),
    locale: localeSchema.optional().describe('As a caller would ask for, of a template for any'),
    variables: variablesSchema.optional(),
    binding: bindingSchema.optional(),
    autofill: autofillSchema.optional(),
    code_length: z.int().min(6).max(10).default(6),
    code_ttl_seconds: z.int().min(30).max(600).default(300),
  })
  .meta({ id: 'PreviewTemplate' });
export type PreviewTemplate = z.infer<typeof previewTemplateSchema>;

export const templatePreviewSchema = z
  .object({
    template: z
      .string()
      .describe('The id of the template, or `shipped` where its text would be too long with these values'),
    locale: z.string().describe('Of the text'),
    subject: z.string().nullable().describe('Null for a channel without one'),
    text: z.string().describe('As it would be sent, with a made-up code; of a voice call, as it is spoken'),
    html: z
      .string()
      .nullable()
      .describe('Null for a channel without it. Show it where it can do nothing, e.g. in a sandboxed frame'),
    encoding: z.enum(['gsm7', 'ucs2']).nullable().describe('Null for a channel without segments'),
    segments: z.int().nullable().describe('Messages that a carrier bills'),
  })
  .meta({ id: 'TemplatePreview' });
export type TemplatePreview = z.infer<typeof templatePreviewSchema>;
export const templatePageSchema = pageOf('TemplatePage', templateSchema);

const reading = { tag: 'Templates', scope: 'config:read', method: 'GET', status: 200 } as const;
const writing = { tag: 'Templates', scope: 'config:write' } as const;
const all = { path: '/v1/templates' } as const;
const one = { path: '/v1/templates/:id', params: idParamsSchema } as const;

export const TEMPLATE_CALLS = [
  {
    ...writing,
    ...all,
    operationId: 'createTemplate',
    summary: 'Write a message',
    method: 'POST',
    body: createTemplateSchema,
    status: 201,
    answer: templateSchema,
    errors: ['already_exists', 'limit_reached', 'template_invalid'],
  },
  {
    ...reading,
    ...all,
    operationId: 'listTemplates',
    summary: 'List the templates',
    query: pageQuerySchema,
    answer: templatePageSchema,
    errors: [],
  },
  {
    ...reading,
    ...one,
    operationId: 'readTemplate',
    summary: 'Read a template',
    answer: templateSchema,
    errors: ['not_found'],
  },
  {
    ...writing,
    ...one,
    operationId: 'changeTemplate',
    summary: 'Change what a template says',
    method: 'PATCH',
    body: changeTemplateSchema,
    status: 200,
    answer: templateSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'template_invalid'],
  },
  {
    ...writing,
    ...one,
    operationId: 'deleteTemplate',
    summary: 'Delete a template',
    method: 'DELETE',
    status: 204,
    answer: nothingSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed'],
  },
  {
    operationId: 'previewTemplate',
    summary: 'See a template as it would be sent',
    tag: 'Templates',
    scope: 'config:read',
    method: 'POST',
    path: '/v1/templates/:id/preview',
    params: idParamsSchema,
    body: previewTemplateSchema,
    status: 200,
    answer: templatePreviewSchema,
    errors: ['not_found', 'template_invalid'],
  },
] as const satisfies readonly ManagedCall[];
