import { type Addresses, primaryOf, unpackAddresses } from './addresses.ts';
import type { Core } from './core.ts';
import type { Binding, Owner, Recipient } from './outcomes.ts';
import { SealKeyMissing } from './seal.ts';
import { channelsOf, decodePlan } from './send-plans.ts';
import { digestBinding, locate, shardKeys } from './shards.ts';

/** For whom verifications are. */
export function createRecipients({ redis, keys, sealer, find }: Core) {
  async function read(shard: number, id: string, { project, mode }: Owner): Promise<Recipient | null> {
    const key = shardKeys(shard).verification(id);
    const fields = await redis.hmgetBuffer(key, 'p', 'm', 'u', 's', 'W', 'v1', 't');
    const [owner, ownMode, purpose = '', status, plan, channel] = fields.map((field) => field?.toString());
    if (owner !== project || ownMode !== mode) return null;
    const channels = channelsOf(decodePlan(plan ?? channel ?? 'sms'));
    return { purpose, channels, ...addressesOf(id, fields[6] ?? null, status === 'pending') };
  }

  function addressesOf(id: string, sealed: Buffer | null, isPending: boolean): Pick<Recipient, 'addresses' | 'isOpen'> {
    if (sealed === null) return { addresses: undefined, isOpen: false };
    try {
      return { addresses: unpackAddresses(sealer.unseal(sealed, id, 'destination')), isOpen: isPending };
    } catch (error) {
      if (!(error instanceof SealKeyMissing)) throw error;
      // What was sealed under a retired key is lost: resending ends it.
      return { addresses: undefined, isOpen: isPending && error.toCome };
    }
  }

  return {
    /** For whom a verification is, and whether another code may still be sent for it. Null for what there is not. */
    async recipientOf(publicId: string, owner: Owner): Promise<Recipient | null> {
      const found = find(publicId);
      return found && read(found.address.shard, found.id, owner);
    },

    /** The latest verification that has these addresses' primary one as its own, under this binding, and for whom it is. */
    async latestOf(addresses: Addresses, purpose: string, binding: Binding | undefined, owner: Owner) {
      const { shard, handle } = locate(keys, owner, purpose, primaryOf(addresses));
      const pointer = Buffer.concat([Buffer.from('o'), digestBinding(keys, binding)]);
      const id = await redis.hget(shardKeys(shard).destination(handle), pointer);
      // With a time behind it, it is one of another primary address.
      if (id === null || id.includes(':')) return null;
      const recipient = await read(shard, id, owner);
      return recipient && { id, ...recipient };
    },
  };
}
