/**
 * What an API key may do within its project; `platform` also covers projects, plans and what holds for all of them.
 * A key with `config:write` can do nothing about keys: it must not make itself a stronger one.
 */
export const SCOPES = [
  'verifications:write',
  'verifications:read',
  'config:read',
  'config:write',
  'keys:write',
  'platform',
] as const;
export type Scope = (typeof SCOPES)[number];
