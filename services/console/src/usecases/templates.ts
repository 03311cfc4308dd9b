import {
  type ChangeTemplate,
  type CreateTemplate,
  type PreviewTemplate,
  TEMPLATES_MAX,
  type TemplatePreview,
} from '@watchword/contracts';
import type { HopContext } from '@watchword/platform';
import type { TemplateDocument } from '@watchword/records';
import { toTemplate } from '../domain/answers.ts';
import { canonicalLocale } from '../domain/canonical-locale.ts';
import { newId } from '../domain/new-id.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import { requireTemplateContent } from '../domain/template-content.ts';
import { previewOf } from '../domain/template-preview.ts';
import type { ConfigurationStore } from '../ports.ts';
import { type ChangeResourceDeps, createChangeResource } from './change-resource.ts';

export interface TemplatesDeps extends ChangeResourceDeps {
  readonly shelf: ConfigurationStore['templates'];
}

export function createTemplateUseCases({ shelf, ...deps }: TemplatesDeps) {
  const templates = createChangeResource(
    {
      noun: 'template',
      plural: 'templates',
      most: TEMPLATES_MAX,
      shelf,
      toAnswer: toTemplate,
      unique: 'The project has a template for this purpose, channel and locale already.',
    },
    deps,
  );

  return {
    read: templates.read,
    remove: templates.remove,

    createTemplate: (wanted: CreateTemplate, context: HopContext): Promise<TemplateDocument> =>
      templates.create(context, (now) => {
        const { purpose, channel, locale, text, subject, html } = wanted;
        requireTemplateContent({ channel, text, subject, html });
        const dates = { created_at: now, updated_at: now, version: 1 };
        const fields = { project: context.project, purpose: canonicalPurpose(purpose), channel, text, subject, html };
        return { id: newId('tpl', now), ...fields, locale: canonicalLocale(locale), ...dates };
      }),

    changeTemplate: (id: string, wanted: ChangeTemplate, context: HopContext): Promise<TemplateDocument> =>
      templates.change(context, id, (known) => {
        const content = contentOf(known, wanted);
        requireTemplateContent({ channel: known.channel, ...content });
        return content;
      }),

    async previewTemplate(id: string, wanted: PreviewTemplate, context: HopContext): Promise<TemplatePreview> {
      const known = await templates.read(context, id);
      const tried = { ...known, ...contentOf(known, wanted) };
      requireTemplateContent(tried);
      return previewOf(tried, wanted);
    },
  };
}

/** What a template says with what is to be changed of it. */
const contentOf = (known: TemplateDocument, wanted: ChangeTemplate) => ({
  text: wanted.text ?? known.text,
  subject: wanted.subject === undefined ? known.subject : wanted.subject,
  html: wanted.html === undefined ? known.html : wanted.html,
});
