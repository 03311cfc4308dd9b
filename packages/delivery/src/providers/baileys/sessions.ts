import type { RedisConnection } from '@watchword/platform';
import type { Session } from './socket.ts';

/** Binds what it seals to an id and a field, so that one cannot stand in another's place. */
export interface SessionSealer {
  seal(text: string, id: string, field: 'credentials'): Buffer;
  unseal(sealed: Buffer, id: string, field: 'credentials'): string;
}

export interface SessionsDeps {
  readonly redis: RedisConnection;
  readonly sealer: SessionSealer;
}

/** The sessions of WhatsApp Web, sealed in Redis, one hash for each account. `reference` names the account. */
export function createSessions({ redis, sealer }: SessionsDeps) {
  return function sessionOf(reference: string): Session {
    const key = `ww:{w:${reference}}:session`;
    const idOf = (name: string) => `whatsapp-web:${reference}:${name}`;
    return {
      async read(names) {
        if (names.length === 0) return {};
        const values = await redis.hmgetBuffer(key, ...names);
        const found = names.flatMap((name, at) => {
          const value = values[at];
          return value ? [[name, sealer.unseal(value, idOf(name), 'credentials')] as const] : [];
        });
        return Object.fromEntries(found);
      },
      async write(entries) {
        const all = Object.entries(entries);
        const gone = all.flatMap(([name, value]) => (value === null ? [name] : []));
        const kept = all.flatMap(([name, value]) =>
          value === null ? [] : [name, sealer.seal(value, idOf(name), 'credentials')],
        );
        // Both at once: a write that comes meanwhile must not slip in between, and be undone by the older one.
        await Promise.all([gone.length > 0 && redis.hdel(key, ...gone), kept.length > 0 && redis.hset(key, ...kept)]);
      },
      async clear() {
        await redis.del(key);
      },
    };
  };
}
