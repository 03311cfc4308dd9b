import { PROJECT_CALLS } from '@watchword/contracts';
import { toProject } from '../domain/answers.ts';
import { answerPage } from '../domain/page-cursor.ts';
import type { ConfigurationStore } from '../ports.ts';
import type { ProjectUseCases } from '../usecases/projects.ts';
import { bindCalls } from './bind-calls.ts';

export const projectRoutes = (useCases: ProjectUseCases, { projects }: Pick<ConfigurationStore, 'projects'>) =>
  bindCalls(PROJECT_CALLS, {
    createProject: async ({ body, context }) => toProject(await useCases.createProject(body, context)),
    listProjects: async ({ query }) => {
      await useCases.ensureRootProject();
      return answerPage(query, { of: ['projects'], by: 'string' }, projects.list, toProject);
    },
    readProject: async ({ params }) => toProject(await useCases.requireProject(params.id)),
    changeProject: async ({ params, body, context }) =>
      toProject(await useCases.changeProject(params.id, body, context)),
    deleteProject: ({ params, context }) => useCases.deleteProject(params.id, context),
    readOwnProject: async ({ context }) => toProject(await useCases.requireProject(context.project)),
    changeOwnProject: async ({ body, context }) => toProject(await useCases.changeOwnProject(body, context)),
  });
