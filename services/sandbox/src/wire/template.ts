import { findCode } from '../domain/code.ts';
import { listField, objectField, objectsField, textField } from './fields.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a template message shows; its wording is with the provider, so only its parameters are known here. */
export interface TemplateMessage {
  readonly text: string;
  readonly code: string | null;
}

/**
 * A WhatsApp template as the Cloud API has it: `{name, language: {code}, components}`. The name of what it lacks when it is none.
 */
export function readTemplate(template: Fields): TemplateMessage | { readonly missing: string } {
  const name = textField(template, 'name');
  const language = textField(objectField(template, 'language'), 'code');
  if (name === undefined) return { missing: 'template.name' };
  if (language === undefined) return { missing: 'template.language.code' };
  const components = objectsField(template, 'components').map((component) => ({
    type: textField(component, 'type')?.toLowerCase(),
    parameters: objectsField(component, 'parameters').flatMap((parameter) => textField(parameter, 'text') ?? []),
  }));
  const body = components.find(({ type }) => type === 'body')?.parameters ?? [];
  const copied = components.find(({ type }) => type === 'button')?.parameters[0];
  // An authentication template has the code in its text and again on the button that copies it; its wording is WhatsApp's own.
  if (copied !== undefined && body[0] === copied) {
    return { text: `${copied} is your verification code. [${name}, ${language}]`, code: copied };
  }
  return showTemplate(`${name}, ${language}`, body);
}

/** As far as anybody but the provider can tell what it says. */
export function showTemplate(name: string, parameters: readonly string[]): TemplateMessage {
  const text = parameters.join(' · ');
  return { text: `${text} [${name}]`.trimStart(), code: findCode(text) };
}

/** The parameters of a template that has them by name: `[{name, value}]`. */
export const namedParameters = (fields: Fields): string[] =>
  objectsField(fields, 'parameters').flatMap((parameter) => textField(parameter, 'value') ?? []);

/** The parameters of a template that has them in order. */
export const orderedParameters = (fields: Fields): string[] =>
  listField(fields, 'parameters').flatMap((parameter) => (typeof parameter === 'string' ? [parameter] : []));
