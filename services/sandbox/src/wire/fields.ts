type Fields = Readonly<Record<string, unknown>>;

/** A field as text; a missing, empty, repeated or structured one is undefined. */
export function textField(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A structured field; without one an empty object, so that what should stand in it is missed by name. */
export function objectField(fields: Fields, name: string): Fields {
  const value = fields[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** A repeated field: none, one or many. */
export function listField(fields: Fields, name: string): readonly unknown[] {
  const value: unknown = fields[name];
  if (value === undefined || value === null || value === '') return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** The structured ones of a repeated field. */
export const objectsField = (fields: Fields, name: string): readonly Fields[] =>
  listField(fields, name).filter((value): value is Fields => typeof value === 'object' && value !== null);
