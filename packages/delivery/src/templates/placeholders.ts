/** What a template may name in double braces, spaces around it or not. `otp` is another name for `code`. */
export const TEMPLATE_PLACEHOLDERS = [
  'code',
  'otp',
  'ttl_minutes',
  'ttl_seconds',
  'purpose',
  'amount',
  'payee',
] as const;
export type TemplatePlaceholder = (typeof TEMPLATE_PLACEHOLDERS)[number];

const KNOWN: ReadonlySet<string> = new Set(TEMPLATE_PLACEHOLDERS);
export const isPlaceholder = (name: string): name is TemplatePlaceholder => KNOWN.has(name);
export const showsCode = (name: string) => name === 'code' || name === 'otp';

const VARIABLE = /^variables\.([a-z][a-z0-9_]{0,31})$/;

/** The name of one of the caller's own variables (`variables.order` is `order`); undefined for any other placeholder. */
export const variableIn = (name: string): string | undefined => VARIABLE.exec(name)?.[1];

/** Each pair of double braces around no other brace; its group is the name, perhaps with spaces around it. */
export const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** As they stand in a text; `position` is in UTF-16 units, from 0. */
export const placeholdersIn = (text: string): { readonly name: string; readonly position: number }[] =>
  Array.from(text.matchAll(PLACEHOLDER), ({ 1: name = '', index: position }) => ({ name: name.trim(), position }));
