import { setImmediate } from 'node:timers/promises';
import {
  type ReadStatisticsQuery,
  STATISTICS_GROUPS,
  STATISTICS_TIMES,
  type Statistics,
  type StatisticsGroup,
  type StatisticsTime,
} from '@watchword/contracts';
import type { PageCursor, RecordsSearch, StatisticsDocument } from '@watchword/records';
import { timeOf } from '../domain/answers.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import { refuseField } from '../domain/refusals.ts';
import { chooseRange } from '../domain/statistics-range.ts';
import { createStatisticsTable } from '../domain/statistics-table.ts';

export interface ReadStatisticsDeps {
  readonly records: Pick<RecordsSearch, 'countStatistics' | 'pageStatistics'>;
  readonly now: () => number;
}

/** What one call may read: a second's worth. */
const DOCUMENTS_MAX = 50_000;
const DOCUMENTS_PER_PAGE = 500;
/** What it may answer: a megabyte or so. */
const ROWS_MAX = 5_000;

export function createReadStatistics({ records, now }: ReadStatisticsDeps) {
  /** Sums of what was counted of a project's deliveries. Refuses what would take too much to read or to answer. */
  return async function readStatistics(
    { group_by, from, to, ...filters }: ReadStatisticsQuery,
    project: string,
  ): Promise<Statistics> {
    const time = group_by.find(isTime);
    const range = { project, ...chooseRange({ from, to }, time, now()) };
    const found = await records.countStatistics(range);
    if (found > DOCUMENTS_MAX) {
      const detail = `covers ${found} counted rows, more than ${DOCUMENTS_MAX}: ask for a shorter time, or for whole days`;
      throw refuseField('invalid_request', '/from', detail);
    }
    const table = createStatisticsTable(group_by.filter(isGroup), time);
    const isWanted = wantedBy(filters);
    let after: PageCursor | null = null;
    do {
      const page = await records.pageStatistics(range, after, DOCUMENTS_PER_PAGE);
      for (const document of page.items) if (isWanted(document)) table.add(document);
      if (table.size() > ROWS_MAX) {
        const detail = `gives more than ${ROWS_MAX} rows: ask for fewer groups or a shorter time`;
        throw refuseField('invalid_request', '/group_by', detail);
      }
      after = page.next;
      // Between two pages of a backend that answers at once, others come to their turn.
      await setImmediate();
    } while (after !== null);
    return { from: timeOf(range.from), to: timeOf(range.to), rows: table.rows() };
  };
}

const isTime = (group: string): group is StatisticsTime => group in STATISTICS_TIMES;
const isGroup = (group: string): group is StatisticsGroup => STATISTICS_GROUPS.some((known) => known === group);

type Filters = Omit<ReadStatisticsQuery, 'group_by' | 'from' | 'to'>;

function wantedBy({ purpose, ...others }: Filters): (document: StatisticsDocument) => boolean {
  const wanted = { ...others, ...(purpose === undefined ? {} : { purpose: canonicalPurpose(purpose) }) };
  const fixed = Object.entries(wanted).filter(([, value]) => value !== undefined) as [StatisticsGroup, string][];
  return (document) => fixed.every(([group, value]) => document[group] === value);
}
