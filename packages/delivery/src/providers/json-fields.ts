/** A text's JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // An empty, cut or HTML body: it tells nothing, and neither does the error, which may quote it.
    return undefined;
  }
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The first of a list; undefined when it is none. */
export const firstOf = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[])[0] : undefined);

/** A field's text, or its number or truth value as text; empty for all else: `String` throws for some objects that JSON can hold. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

/** A provider's error code, when it is a number; text is never taken, for it may quote the message. */
export function numericCode(value: unknown): string | undefined {
  return (typeof value === 'number' || typeof value === 'string') && /^\d{1,9}$/.test(String(value))
    ? String(Number(value))
    : undefined;
}
