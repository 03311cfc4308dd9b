import { createSearchUseCases } from '@watchword/console';
import type { VerificationPage } from '@watchword/contracts';
import { openRecords, type RecordsSearch, type RecordsTarget, RecordsUnavailable } from '@watchword/records';
import { percentile } from '@watchword/testkit/percentile';
import { createSealer } from '@watchword/verifications';
import { casesOf, type SearchCase, toQuery } from './cases.ts';
import type { MeasureOptions } from './options.ts';
import { type Population, PROJECT } from './population.ts';
import { createRandom } from './random.ts';

/** Of the pages of one kind of search. */
export interface Measured {
  readonly name: string;
  readonly pages: number;
  /** ms */
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** Verifications found. */
  readonly found: number;
  /** Pages with fewer than was asked for, although there was more. */
  readonly short: number;
  /** Pages that the database did not answer in time. */
  readonly failed: number;
}

/** What the console waits for its database. */
const ANSWER_MS = 1_500;
/** Prepared statements, compiled code, a database's first look at its indexes. */
const WARM_UPS = 5;

type SearchVerifications = ReturnType<typeof createSearchUseCases>['searchVerifications'];

/** Asks what a console would be asked, through its own use-case. */
export async function measureSearches(
  target: RecordsTarget,
  { indexKey, sealKey }: Population,
  { queries, seed }: Pick<MeasureOptions, 'queries' | 'seed'>,
  endsAt: number,
): Promise<Measured[]> {
  const records = await openRecords({ ...target, answerWithinMs: ANSWER_MS });
  try {
    const sealer = createSealer(sealKey);
    const { searchVerifications } = createSearchUseCases({ records, indexKey, sealer, now: () => endsAt });
    const measured: Measured[] = [];
    for (const searchCase of casesOf(endsAt)) {
      await measureCase(searchVerifications, searchCase, WARM_UPS, seed);
      measured.push(await measureCase(searchVerifications, searchCase, queries, seed + 1));
    }
    return measured;
  } finally {
    await records.close();
  }
}

/** So many pages: of a new search each, or going on where there is more. */
async function measureCase(
  searchVerifications: SearchVerifications,
  { name, ask, pages = 1 }: SearchCase,
  queries: number,
  seed: number,
): Promise<Measured> {
  const random = createRandom(seed);
  const times: number[] = [];
  let found = 0;
  let short = 0;
  let failed = 0;
  while (times.length < queries) {
    const asked = ask(random);
    let cursor: string | null = null;
    for (let page = 0; page < pages && times.length < queries; page += 1) {
      const query = toQuery(cursor === null ? asked : { ...asked, cursor });
      const startedAt = performance.now();
      const answer: VerificationPage | null = await searchVerifications(query, PROJECT).catch(nullIfAway);
      times.push(performance.now() - startedAt);
      if (answer === null) {
        failed += 1;
        break;
      }
      found += answer.items.length;
      cursor = answer.next_cursor;
      if (cursor === null) break;
      if (answer.items.length < query.limit) short += 1;
    }
  }
  const [p50 = 0, p95 = 0, max = 0] = [0.5, 0.95, 1].map((share) => percentile(times, share));
  return { name, pages: times.length, p50, p95, max, found, short, failed };
}

function nullIfAway(error: unknown): null {
  if (error instanceof RecordsUnavailable) return null;
  throw error;
}

/** Where each filter is looked up. */
export async function explainFilters(target: RecordsTarget): Promise<Map<string, string>> {
  const records = await openRecords({ ...target, answerWithinMs: ANSWER_MS });
  try {
    const explained = new Map<string, string>();
    for (const [name, filter] of Object.entries(FILTERS)) {
      const indexes = await records.explainSearch({ project: PROJECT, ...filter });
      explained.set(name, indexes.map((index) => index ?? 'the whole collection').join(', '));
    }
    return explained;
  } finally {
    await records.close();
  }
}

const digest = [Buffer.alloc(32)];
const FILTERS: Readonly<Record<string, Partial<Parameters<RecordsSearch['explainSearch']>[0]>>> = {
  nothing: {},
  time: { from: 1, to: 2 },
  status: { status: 'approved' },
  purpose: { purpose: 'login' },
  channel: { channel: 'sms' },
  country: { country: 'DE' },
  provider: { provider: 'twilio' },
  destination: { destination: digest },
  user_id: { user: digest },
};
