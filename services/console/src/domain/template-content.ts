import { checkTemplate, type TemplateContent } from '@watchword/delivery';
import { AppError } from '@watchword/platform';

/** Throws `template_invalid` with all that is wrong with a template, field by field. */
export function requireTemplateContent(template: TemplateContent): void {
  const problems = checkTemplate(template);
  if (problems.length === 0) return;
  const errors = problems.map(({ field, detail, position }) => ({
    pointer: `/${field}`,
    detail: position === 0 ? detail : `${detail}, at character ${position + 1}`,
  }));
  throw new AppError('template_invalid', {
    detail: errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '),
    errors,
  });
}
