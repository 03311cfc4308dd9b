import type { AddressKind } from '@watchword/contracts';
import type { Addresses } from './addresses.ts';
import type { SendPolicy } from './code-policy.ts';
import type { Core } from './core.ts';
import { type CallContext, type SendRefused, tooLate } from './outcomes.ts';
import { reserveSendScript } from './scripts.ts';
import { locate, shardKeys } from './shards.ts';

/** A send that also goes to addresses beside its verification's primary one. */
export interface SendBeside {
  /** Of the verification. */
  readonly id: string;
  readonly addresses: Addresses;
  /** Those of the addresses to count it towards. */
  readonly kinds: readonly AddressKind[];
  readonly purpose: string;
  readonly bindingDigest: Buffer;
  readonly policy: SendPolicy;
  readonly ttlMs: number;
  readonly retentionMs: number;
}

export type ReserveBeside = (
  send: SendBeside,
  call: CallContext,
) => Promise<SendRefused | { readonly result: 'reserved'; readonly id: string }>;

/**
 * Counts a send towards each address that is not the primary one, in that address' own shard: no two can be in one script. So it
 * comes before the send itself, and one that is refused later leaves it counted. An approval ends the wait of the primary address
 * alone, and only if it proves that: an address of one's own makes nobody quicker at filling another's mailbox. What such an
 * address had open of its own under the same binding ends, as what `open` takes the place of does. Returns the
 * verification's id: another one than was given when an earlier call of the same operation has reserved for that.
 */
export function createReserveBeside({ redis, clock, keys }: Pick<Core, 'redis' | 'clock' | 'keys'>): ReserveBeside {
  return async function reserveBeside({ addresses, kinds, purpose, bindingDigest, policy, ...send }, call) {
    let { id } = send;
    for (const kind of kinds) {
      const { shard, handle } = locate(keys, call, purpose, addresses[kind] ?? '');
      const of = shardKeys(shard);
      // The operation's own key may be of the same shard.
      const operation = of.operation(`${call.operation}:${kind}`);
      const reply = await reserveSendScript(
        redis,
        { destination: of.destination(handle), operation, events: of.events, due: of.due },
        [
          clock.now(),
          call.deadline,
          id,
          bindingDigest,
          policy.sendsMax,
          policy.sendsWindowMs,
          policy.pacingSeconds.join(','),
          send.ttlMs,
          send.retentionMs,
          call.operation === '' ? '' : '1',
          of.verificationPrefix,
          call.project,
          call.mode,
        ],
      );
      if (reply.result === 'late') throw tooLate();
      if (reply.result !== 'reserved') return { result: reply.result, retryMs: reply.retry_ms };
      id = reply.id;
    }
    return { result: 'reserved', id };
  };
}
