import { lookup } from 'node:dns';
import { describe, expect, test } from 'vitest';
import { isPublicAddress, lookupPublic, mayBePublicHost, PRIVATE_ADDRESS } from './public-address.ts';

describe('a tenant’s URL', () => {
  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    'fe80::1',
    'fc00::1',
    'fd12:3456::1',
    'ff02::1',
    '2002:7f00:1::',
    '2001:db8::1',
    'not an address',
    '',
  ])('must not lead to %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
    expect(mayBePublicHost(address.includes(':') ? `[${address}]` : address)).toBe(false);
  });

  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::1'])(
    'may lead to %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  test('must not name this host or a network’s own', () => {
    for (const name of ['localhost', 'gateway', 'a.localhost', 'redis.internal', 'printer.local', 'localhost.']) {
      expect(mayBePublicHost(name)).toBe(false);
    }
    expect(mayBePublicHost('live-mt-server.wati.io')).toBe(true);
  });
});

describe('a name that is looked up for a connection', () => {
  const look = (name: string, options: object) =>
    new Promise<{ error: unknown; address: unknown }>((resolve) => {
      lookupPublic(name, options, (error, address) => resolve({ error, address }));
    });

  test.each([{ all: true }, { all: false }])('is refused when it leads to this host (%o)', async (options) => {
    expect((await look('localhost', options)).error).toMatchObject({ code: PRIVATE_ADDRESS });
  });

  test('fails as the system says when there is none', async () => {
    const system = await new Promise((resolve) => lookup('name.invalid', resolve));
    expect((await look('name.invalid', { all: true })).error).toMatchObject({
      code: (system as { code: string }).code,
    });
  });
});
