import { isPublicAddress, mayBePublicHost } from '@watchword/delivery';
import type { ResolveHost } from '../ports.ts';
import { refuseField } from './refusals.ts';

/** Settings that say where a project's messages go. */
const HOST_OF: Readonly<Record<string, (value: string) => string>> = {
  base_url: (value) => new URL(value).hostname.replace(/^\[|\]$/g, ''),
  host: (value) => value,
};
const NOT_IN_THE_CLEAR = 'must be starttls or tls: what goes over the internet does not go unencrypted';
const NOT_PUBLIC = 'must be on the public internet, and not at a private, loopback or link-local address';

/**
 * Keeps a tenant from naming a host of ours, by its address or by a name that leads there. Names may lead elsewhere later: the
 * adapters judge the address of each connection as well. A name that nobody can resolve is refused, since nothing could be sent.
 *
 * @throws AppError `invalid_request`
 */
export async function requirePublicHosts(
  settings: Readonly<Record<string, string>>,
  resolve: ResolveHost,
): Promise<void> {
  if (settings.security === 'none') throw refuseField('invalid_request', '/settings/security', NOT_IN_THE_CLEAR);
  for (const [name, value] of Object.entries(settings)) {
    const host = HOST_OF[name]?.(value);
    if (host !== undefined) await requirePublicHost(`/settings/${name}`, host, resolve);
  }
}

async function requirePublicHost(pointer: string, host: string, resolve: ResolveHost): Promise<void> {
  if (!mayBePublicHost(host)) throw refuseField('invalid_request', pointer, NOT_PUBLIC);
  const addresses = await resolve(host).catch(() => []);
  if (addresses.length === 0)
    throw refuseField('invalid_request', pointer, 'has no address: its name cannot be resolved');
  if (!addresses.every(isPublicAddress)) throw refuseField('invalid_request', pointer, NOT_PUBLIC);
}
