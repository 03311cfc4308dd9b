import type { Scope } from '@watchword/contracts';

/** Who may change what a project has decided may read it: a change needs the version that it is made to. */
const IMPLIED_BY: Partial<Record<Scope, Scope>> = { 'config:read': 'config:write' };

/** Whether a key with `scopes` may make a call that needs any one of `needed`. */
export function mayCall(scopes: readonly Scope[], needed: readonly Scope[]): boolean {
  return needed.some((scope) => {
    const stronger = IMPLIED_BY[scope];
    return scopes.includes(scope) || (stronger !== undefined && scopes.includes(stronger));
  });
}
