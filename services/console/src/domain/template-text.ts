import { checkTemplate } from '@watchword/delivery';
import { AppError } from '@watchword/platform';

/** Throws `template_invalid` with all that is wrong with a text. */
export function requireTemplateText(text: string): void {
  const problems = checkTemplate(text);
  if (problems.length === 0) return;
  const errors = problems.map(({ detail, position }) => ({
    pointer: '/text',
    detail: position === 0 ? detail : `${detail}, at character ${position + 1}`,
  }));
  throw new AppError('template_invalid', {
    detail: errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '),
    errors,
  });
}
