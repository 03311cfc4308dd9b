import type { KeyRing } from '@watchword/platform';
import { createBlindIndex, type RecordsSearch } from '@watchword/records';
import type { Sealer } from '@watchword/verifications';
import { createSearchCursors } from './domain/search-cursor.ts';
import type { SearchUseCases } from './http/search-routes.ts';
import { createReadStatistics } from './usecases/read-statistics.ts';
import { createSearchVerifications } from './usecases/search-verifications.ts';

export interface SearchDeps {
  readonly records: RecordsSearch;
  /** Of the records' blind index. */
  readonly indexKey: KeyRing;
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly now: () => number;
}

/** What is found in the records. */
export function createSearchUseCases({ records, indexKey, sealer, now }: SearchDeps): SearchUseCases {
  const blindIndex = createBlindIndex(indexKey);
  const cursors = createSearchCursors(indexKey);
  return {
    searchVerifications: createSearchVerifications({ records, blindIndex, sealer, cursors }),
    readStatistics: createReadStatistics({ records, now }),
  };
}
