import { TEMPLATE_CALLS } from '@watchword/contracts';
import { toTemplate } from '../domain/answers.ts';
import { answerPage } from '../domain/page-cursor.ts';
import type { ConfigurationStore } from '../ports.ts';
import type { createTemplateUseCases } from '../usecases/templates.ts';
import { bindCalls } from './bind-calls.ts';

export const templateRoutes = (
  useCases: ReturnType<typeof createTemplateUseCases>,
  { templates }: Pick<ConfigurationStore, 'templates'>,
) =>
  bindCalls(TEMPLATE_CALLS, {
    createTemplate: async ({ body, context }) => toTemplate(await useCases.createTemplate(body, context)),
    listTemplates: ({ query, context: { project } }) =>
      answerPage(
        query,
        { of: ['templates', project], by: 'string' },
        (after, limit) => templates.list(project, after, limit),
        toTemplate,
      ),
    readTemplate: async ({ params, context }) => toTemplate(await useCases.read(context, params.id)),
    changeTemplate: async ({ params, body, context }) =>
      toTemplate(await useCases.changeTemplate(params.id, body, context)),
    deleteTemplate: ({ params, context }) => useCases.remove(context, params.id),
    previewTemplate: ({ params, body, context }) => useCases.previewTemplate(params.id, body, context),
  });
