import { SEARCH_CALLS } from '@watchword/contracts';
import type { createReadStatistics } from '../usecases/read-statistics.ts';
import type { createSearchVerifications } from '../usecases/search-verifications.ts';
import { bindCalls } from './bind-calls.ts';

export interface SearchUseCases {
  readonly searchVerifications: ReturnType<typeof createSearchVerifications>;
  readonly readStatistics: ReturnType<typeof createReadStatistics>;
}

/** What is found in the records. */
export const searchRoutes = ({ searchVerifications, readStatistics }: SearchUseCases) =>
  bindCalls(SEARCH_CALLS, {
    searchVerifications: ({ query, context: { project } }) => searchVerifications(query, project),
    readStatistics: ({ query, context: { project } }) => readStatistics(query, project),
  });
