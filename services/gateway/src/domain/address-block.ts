import { isIPv6 } from 'node:net';

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * What addresses are counted by, spelled in one way: an IPv4 address itself, of an IPv6 address its first 64 bits, since one
 * customer has the rest to choose from (RFC 6177). What is no address is itself.
 */
export function addressBlockOf(address: string): string {
  const mapped = MAPPED_IPV4.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [bare = ''] = address.split('%', 1);
  const { hostname } = new URL(`http://[${bare}]`);
  const canonical = hostname.slice(1, -1);
  const mappedHex = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical);
  if (mappedHex !== null) return toIpv4(`${mappedHex[1]}`, `${mappedHex[2]}`);
  const [head = '', tail] = canonical.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(GROUPS - groups.length - last.length).fill('0');
  return [...groups, ...zeros, ...last].slice(0, NETWORK_GROUPS).join(':');
}

function toIpv4(high: string, low: string): string {
  const bits = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return bits.flatMap((pair) => [pair >> 8, pair & 255]).join('.');
}
