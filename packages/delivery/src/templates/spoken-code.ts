/** A code as it is spoken: each character by itself, with a pause behind it. */
export const spoken = (code: string): string => Array.from(code).join(', ');
