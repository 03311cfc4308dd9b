import { LIST_CALLS } from '@watchword/contracts';
import { toList } from '../domain/answers.ts';
import { answerPage } from '../domain/page-cursor.ts';
import type { ConfigurationStore } from '../ports.ts';
import type { createListUseCases } from '../usecases/lists.ts';
import { bindCalls } from './bind-calls.ts';

export const listRoutes = (
  useCases: ReturnType<typeof createListUseCases>,
  { lists }: Pick<ConfigurationStore, 'lists'>,
) =>
  bindCalls(LIST_CALLS, {
    createList: async ({ body, context }) => toList(await useCases.createList(body, context)),
    listLists: ({ query, context: { project } }) =>
      answerPage(
        query,
        { of: ['lists', project], by: 'string' },
        (after, limit) => lists.list(project, after, limit),
        toList,
      ),
    readList: async ({ params, context }) => toList(await useCases.read(context, params.id)),
    readListEntries: ({ params, query, context }) => useCases.readEntries(params.id, query, context),
    changeList: async ({ params, body, context }) => toList(await useCases.changeList(params.id, body, context)),
    deleteList: ({ params, context }) => useCases.remove(context, params.id),
  });
