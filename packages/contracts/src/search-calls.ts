import { z } from 'zod';
import { CHANNELS } from './channels.ts';
import { MODES } from './hop.ts';
import type { ManagedCall } from './managed-call.ts';
import { givenTimeSchema, pageLimit, pageOf, purposeSchema, timestampSchema } from './management/paging.ts';
import { countrySchema } from './project-config.ts';
import { STATISTICS_DIMENSIONS } from './statistics.ts';
import { VERIFICATION_STATUSES } from './verification.ts';

/** An unencoded `+` in a query string means a space (WHATWG URL, section 5.1): it is taken for what it was meant to be. */
const withPlus = (text: unknown) => (typeof text === 'string' ? text.replace(/^ /, '+') : text);

const instant = givenTimeSchema.transform((text) => Date.parse(text));
const provider = z.string().min(1).max(64);
const filters = {
  channel: z.enum(CHANNELS).optional().describe('Of a verification, that of any of its deliveries'),
  country: z
    .preprocess(withPlus, countrySchema)
    .optional()
    .describe('ISO 3166-1 alpha-2; `+1` for numbers that do not tell which country of the calling code they are of'),
  purpose: purposeSchema.optional(),
};

export const searchVerificationsQuerySchema = z
  .strictObject({
    status: z.enum(VERIFICATION_STATUSES).optional(),
    ...filters,
    provider: provider.optional().describe('Of any attempt that was settled'),
    destination: z
      .preprocess(withPlus, z.string().min(3).max(512))
      .optional()
      .describe('Any of its addresses, exactly: E.164, an e-mail address or a device token'),
    user_id: z.string().min(1).max(128).optional().describe('`client.user_id` of the call that opened it'),
    from: instant.optional().describe('Opened at this time (RFC 3339) or later'),
    to: instant.optional().describe('Opened before this time (RFC 3339)'),
    limit: pageLimit(100, 20).describe('Verifications of a page'),
    cursor: z.string().min(1).max(256).optional().describe('`next_cursor` of the page before, with the same filters'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    error: 'must be later than from',
  });
export type SearchVerificationsQuery = z.infer<typeof searchVerificationsQuerySchema>;

export const foundVerificationSchema = z
  .object({
    id: z.string().describe('`ver_…`'),
    status: z.enum(VERIFICATION_STATUSES),
    mode: z.enum(MODES),
    purpose: z.string(),
    country: z.string(),
    channel: z.enum(CHANNELS).optional().describe('Of the newest delivery'),
    provider: z.string().optional().describe('Of the last attempt that was settled'),
    to_masked: z.string().describe('Where the newest delivery went'),
    undeliverable: z.boolean().describe('No provider took the last code, on any of its channels'),
    checks_remaining: z.int(),
    created_at: timestampSchema,
    expires_at: timestampSchema,
    ended_at: timestampSchema.optional(),
  })
  .meta({ id: 'FoundVerification' });
export type FoundVerification = z.infer<typeof foundVerificationSchema>;

export const verificationPageSchema = pageOf('VerificationPage', foundVerificationSchema);
export type VerificationPage = z.infer<typeof verificationPageSchema>;

/** A caller's own project is no dimension for them. */
export const STATISTICS_GROUPS = STATISTICS_DIMENSIONS.filter((dimension) => dimension !== 'project');
export type StatisticsGroup = (typeof STATISTICS_GROUPS)[number];
/** A group by time: how long one is, ms. */
export const STATISTICS_TIMES = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
export type StatisticsTime = keyof typeof STATISTICS_TIMES;
type Group = StatisticsGroup | StatisticsTime;
const GROUPS = [...STATISTICS_GROUPS, 'minute', 'hour', 'day'] as const satisfies Group[];
const GROUPS_MAX = 3;

const isTime = (group: string): group is StatisticsTime => group in STATISTICS_TIMES;
const isGroup = (group: string): group is Group => GROUPS.some((known) => known === group);

const groupBy = z
  .string()
  .transform((text) => text.split(','))
  .refine((groups) => groups.every(isGroup), `must be of ${GROUPS.join(', ')}, by commas`)
  .refine((groups) => groups.length <= GROUPS_MAX, `must name at most ${GROUPS_MAX} groups`)
  .refine((groups) => new Set(groups).size === groups.length, 'must name each group once')
  .refine((groups) => groups.filter(isTime).length <= 1, 'must name only one of minute, hour and day')
  .transform((groups) => groups.filter(isGroup))
  .describe(`One to three of ${GROUPS.map((group) => `\`${group}\``).join(', ')}, by commas`);

export const readStatisticsQuerySchema = z
  .strictObject({
    group_by: groupBy,
    from: instant.optional().describe('Queued at this time (RFC 3339) or later; without it, a day before `to`'),
    to: instant.optional().describe('Queued before this time (RFC 3339); without it, now'),
    ...filters,
    provider: provider.optional(),
    template: z.string().min(1).max(128).optional(),
    mode: z.enum(MODES).optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    error: 'must be later than from',
  });
export type ReadStatisticsQuery = z.infer<typeof readStatisticsQuerySchema>;

const latency = z
  .object({ p50: z.number(), p95: z.number() })
  .nullable()
  .describe('Milliseconds since the delivery was queued, within ±4.5 %; null when there was none');

export const statisticsRowSchema = z
  .object({
    time: timestampSchema.optional().describe('The start of the minute, the hour or the day'),
    channel: z.string().optional(),
    provider: z.string().optional().describe('Empty: no provider was called'),
    country: z.string().optional(),
    purpose: z.string().optional(),
    template: z.string().optional(),
    mode: z.enum(MODES).optional(),
    sent: z.int().describe('Attempts that called a provider, or may have'),
    accepted: z.int().describe('Of these, taken by the provider'),
    rejected: z.int().describe('Of these, refused for good: a bad number, a wrong password, a forbidden text'),
    failed: z.int().describe('Of these, failed on the way: refused connections, 5xx, throttling'),
    unknown: z.int().describe('Of these, those of whose outcome nobody knows'),
    delivered: z.int().describe('Of those sent, arrived by the provider’s word'),
    undelivered: z.int().describe('Of those sent, lost by the provider’s word'),
    verifications: z
      .int()
      .describe('Verifications of whose newest send the delivery that got furthest is counted here'),
    approved: z.int().describe('Of these, approved'),
    conversion: z.number().nullable().describe('approved ÷ verifications'),
    delivery_rate: z
      .number()
      .nullable()
      .describe('delivered ÷ sent, without e-mail and push, of which no provider tells whether they arrived'),
    accepted_ms: latency,
    delivered_ms: latency,
    cost_micros: z.int().describe('Millionths of the platform’s currency'),
  })
  .meta({ id: 'StatisticsRow' });
export type StatisticsRow = z.infer<typeof statisticsRowSchema>;

export const statisticsSchema = z
  .object({
    from: timestampSchema.describe('As it was widened to whole minutes or days'),
    to: timestampSchema,
    rows: z.array(statisticsRowSchema),
  })
  .meta({ id: 'Statistics' });
export type Statistics = z.infer<typeof statisticsSchema>;

/** What the console finds in the records. */
export const SEARCH_CALLS = [
  {
    operationId: 'searchVerifications',
    summary: 'Search verifications',
    description:
      'Newest first. What happened is found some seconds later, when it is recorded; `GET /v1/verifications/{id}` is exact at once. A page may be short, or empty, although there is more: a search that has looked at many verifications without finding enough answers what it has, and `next_cursor` goes on from there. Only a null `next_cursor` is the end.',
    tag: 'Search',
    method: 'GET',
    path: '/v1/verifications',
    scope: 'verifications:read',
    query: searchVerificationsQuerySchema,
    status: 200,
    answer: verificationPageSchema,
    errors: [],
  },
  {
    operationId: 'readStatistics',
    summary: 'Read statistics',
    description:
      'About the deliveries queued in a time, whatever became of them later, so that a conversion is of one cohort. Times are UTC. Ranges of up to 48 hours are read by the minute; longer ones, which cannot be grouped by minute or hour, by the day, to which their ends are widened. Percentiles are within ±4.5 %.',
    tag: 'Search',
    method: 'GET',
    path: '/v1/stats',
    scope: 'verifications:read',
    query: readStatisticsQuerySchema,
    status: 200,
    answer: statisticsSchema,
    errors: [],
  },
] as const satisfies readonly ManagedCall[];
