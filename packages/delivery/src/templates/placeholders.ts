/** What a template may name in double braces, spaces around it or not. `otp` is another name for `code`. */
export const TEMPLATE_PLACEHOLDERS = ['code', 'otp', 'ttl_minutes', 'ttl_seconds', 'purpose'] as const;
export type TemplatePlaceholder = (typeof TEMPLATE_PLACEHOLDERS)[number];

const KNOWN: ReadonlySet<string> = new Set(TEMPLATE_PLACEHOLDERS);
export const isPlaceholder = (name: string): name is TemplatePlaceholder => KNOWN.has(name);
export const showsCode = (name: string) => name === 'code' || name === 'otp';

/** Each pair of double braces around no other brace; its group is the name. */
export const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;
