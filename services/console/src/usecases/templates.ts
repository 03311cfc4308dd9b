import {
  type ChangeTemplate,
  type CreateTemplate,
  type PreviewTemplate,
  TEMPLATES_MAX,
  type TemplatePreview,
} from '@watchword/contracts';
import { countSegments, renderTemplate } from '@watchword/delivery';
import type { HopContext } from '@watchword/platform';
import type { TemplateDocument } from '@watchword/records';
import { toTemplate } from '../domain/answers.ts';
import { canonicalLocale } from '../domain/canonical-locale.ts';
import { newId } from '../domain/new-id.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import { requireTemplateText } from '../domain/template-text.ts';
import type { ConfigurationStore } from '../ports.ts';
import { type ChangeResourceDeps, createChangeResource } from './change-resource.ts';

export interface TemplatesDeps extends ChangeResourceDeps {
  readonly shelf: ConfigurationStore['templates'];
}

const SAMPLE_CODE = '1234567890';
const SAMPLE_PURPOSE = 'login';

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
        const { purpose, channel, locale, text } = wanted;
        requireTemplateText(text);
        const dates = { created_at: now, updated_at: now, version: 1 };
        const fields = { project: context.project, purpose: canonicalPurpose(purpose), channel, text };
        return { id: newId('tpl', now), ...fields, locale: canonicalLocale(locale), ...dates };
      }),

    changeTemplate: (id: string, { text }: ChangeTemplate, context: HopContext): Promise<TemplateDocument> =>
      templates.change(context, id, () => {
        requireTemplateText(text);
        return { text };
      }),

    async previewTemplate(id: string, wanted: PreviewTemplate, context: HopContext): Promise<TemplatePreview> {
      const known = await templates.read(context, id);
      const { text = known.text, code_length, code_ttl_seconds } = wanted;
      requireTemplateText(text);
      const purpose = wanted.purpose ?? (known.purpose === '*' ? SAMPLE_PURPOSE : known.purpose);
      const rendered = renderTemplate(text, {
        code: SAMPLE_CODE.slice(0, code_length),
        purpose,
        ttlMs: code_ttl_seconds * 1_000,
      });
      if (known.channel !== 'sms') return { text: rendered, encoding: null, segments: null };
      return { text: rendered, ...countSegments(rendered) };
    },
  };
}
