import type { Mode, Scope } from '@watchword/contracts';
import type { HopContext } from '@watchword/platform';
import { refuseField } from './refusals.ts';

type Grants = Readonly<{ mode: Mode; scopes: readonly Scope[] }>;
type Asking = Pick<HopContext, 'mode' | 'scopes'>;

/** What keeps whoever asks from making a key: the field of it, and why. Nobody makes a key that may do more than their own. */
function grantLacking({ mode, scopes }: Grants, asking: Asking): { pointer: string; detail: string } | undefined {
  const held = new Set<Scope>(asking.scopes);
  // As the gateway has it: who may change the configuration may read it.
  if (held.has('config:write')) held.add('config:read');
  const lacking = scopes.filter((scope) => !held.has(scope));
  if (lacking.length > 0) return { pointer: '/scopes', detail: `the key that asks lacks ${lacking.join(', ')}` };
  if (reachesMode(mode, asking)) return undefined;
  return { pointer: '/mode', detail: 'a test key without scope platform makes no live key' };
}

/** Throws `insufficient_scope`, with the field of the key that asks for too much. */
export function requireGrant(wanted: Grants, asking: Asking): void {
  const lacking = grantLacking(wanted, asking);
  if (lacking) throw refuseField('insufficient_scope', lacking.pointer, lacking.detail);
}

/** Of a key that is there already. Throws `insufficient_scope`, with the field of the change. */
export function requireGrantToChange(known: Grants, asking: Asking, pointer: string): void {
  const lacking = grantLacking(known, asking);
  if (lacking) {
    throw refuseField(
      'insufficient_scope',
      pointer,
      `${lacking.detail}: it may only let this key end sooner, or revoke it`,
    );
  }
}

/** Of a provider. Throws `insufficient_scope`. */
export function requireReach(mode: Mode, asking: Asking): void {
  if (reachesMode(mode, asking)) return;
  const detail = 'a test key without scope platform may only drain a live provider';
  throw refuseField('insufficient_scope', '/mode', detail);
}

/** What is live reaches people, and costs money. */
const reachesMode = (mode: Mode, asking: Asking) =>
  mode === 'test' || asking.mode === 'live' || asking.scopes.includes('platform');
