import { type Addresses, kindsOf, packAddresses, primaryOf } from './addresses.ts';
import type { CodePolicy } from './code-policy.ts';
import { generateCode } from './codes.ts';
import type { Core } from './core.ts';
import { type CallContext, type OpenInput, type SendRefused, type Sent, tooLate } from './outcomes.ts';
import { createRecipients } from './recipients.ts';
import { createResending, toSent } from './resending.ts';
import { createReserveBeside } from './reserving.ts';
import { openedOutcome, openScript } from './scripts.ts';
import { channelsOf, channelWithoutAddress, encodePlan, lettersOf, secondaryKindsOf } from './send-plans.ts';
import { digestBinding, keysOf, locate, shardKeys, shardOf } from './shards.ts';
import { VERIFICATION_PREFIX } from './verification-id.ts';

/** Under which id a verification is opened, and the open one whose place it takes, or ''. */
interface Opening {
  readonly id: string;
  /** The digest profile that the id says. */
  readonly profile: number;
  readonly replaces: string;
}

/** Opening a verification and resending: each send has a code of its own, whatever the channels that it goes over. */
export function createSending(core: Core) {
  const { redis, clock, keys, ids, sealer, profiles, digest } = core;
  const { recipientOf, latestOf } = createRecipients(core);
  const reserveBeside = createReserveBeside(core);
  const { resend, sendAgain } = createResending(core, reserveBeside);

  /** Opens, or sends again when one is open for these addresses, purpose and binding. Each channel of the plan has its address. */
  async function open(input: OpenInput, policy: CodePolicy, call: CallContext): Promise<Sent | SendRefused> {
    const { addresses, purpose, plan, binding } = input;
    const missing = channelWithoutAddress(plan, addresses);
    if (missing !== undefined) throw new Error(`The plan names ${missing}, and no address is for it`);
    const place = locate(keys, call, purpose, primaryOf(addresses));
    const profile = profiles.current;
    const id = ids.create({ ...place, profile });
    if (kindsOf(addresses).length === 1) return openAs({ id, profile, replaces: '' }, input, policy, call);

    const latest = await latestOf(addresses, purpose, binding, call);
    if (latest?.isOpen && hasAll(latest.addresses, addresses)) return again(latest.id, input, policy, call);
    const kinds = secondaryKindsOf(channelsOf(plan), addresses);
    const lives = { ttlMs: policy.codeTtlMs, retentionMs: policy.endedRetentionMs };
    const bindingDigest = digestBinding(keys, binding);
    const reserved = await reserveBeside({ id, addresses, kinds, purpose, bindingDigest, policy, ...lives }, call);
    if (reserved.result !== 'reserved') return reserved;
    const opening = { id: reserved.id, profile: ids.open(reserved.id)?.profile ?? profile, replaces: latest?.id ?? '' };
    return openAs(opening, input, policy, call);
  }

  async function openAs({ id, profile, replaces }: Opening, input: OpenInput, policy: CodePolicy, call: CallContext) {
    const { addresses } = input;
    const place = locate(keys, call, input.purpose, primaryOf(addresses));
    const code = generateCode(policy.alphabet, policy.length);
    const context = JSON.stringify(input.context);
    const codeDigest = await digest(code, id, profile, call.deadline);
    if (codeDigest === null) throw new Error(`The pepper of profile ${profile} is not in its ring`);
    const reply = await openScript(redis, keysOf(id, place, call.operation), [
      clock.now(),
      call.deadline,
      id,
      shardKeys(place.shard).verificationPrefix,
      call.project,
      call.mode,
      input.purpose,
      digestBinding(keys, input.binding),
      sealer.seal(packAddresses(addresses), id, 'destination'),
      context === '{}' ? '' : sealer.seal(context, id, 'context'),
      policy.checksMax,
      policy.codesValidMax,
      policy.codeTtlMs,
      policy.endedRetentionMs,
      policy.sendsMax,
      policy.sendsWindowMs,
      policy.pacingSeconds.join(','),
      encodePlan(input.plan),
      codeDigest,
      sealer.seal(code, id, 'code'),
      input.country,
      call.operation === '' ? '' : '1',
      lettersOf(kindsOf(addresses)),
      policy.onUnknown === 'wait' ? '1' : '',
      replaces,
    ]);
    switch (reply.result) {
      case 'opened':
        return toSent(reply, addresses);
      case 'exists':
        // Of several addresses another call has just opened it.
        return kindsOf(addresses).length === 1 ? again(reply.id, input, policy, call) : open(input, policy, call);
      case 'late':
        throw tooLate();
      default:
        return { result: reply.result, retryMs: reply.retry_ms };
    }
  }

  async function again(
    id: string,
    input: OpenInput,
    policy: CodePolicy,
    call: CallContext,
  ): Promise<Sent | SendRefused> {
    const sent = await sendAgain(VERIFICATION_PREFIX + id, input.plan, policy, call);
    // It ended in between, or now, since a key of it was retired: nothing is in the way of a new one any more.
    if (sent.result === 'not_pending' || sent.result === 'not_found') return open(input, policy, call);
    if (sent.result === 'no_address') throw new Error(`${id} has not the addresses that it was found by`);
    return sent;
  }

  /** What this operation answered when it sent, if it is a repeat that sent before; null otherwise. */
  async function sentBefore(addresses: Addresses, call: CallContext): Promise<Sent | null> {
    if (call.operation === '') return null;
    const text = await redis.get(shardKeys(shardOf(keys, primaryOf(addresses))).operation(call.operation));
    return text === null ? null : toSent(openedOutcome.parse(JSON.parse(text)), addresses);
  }

  return { open, resend, recipientOf, sentBefore };
}

/**
 * Whether a verification has all of these addresses. One that lacks any is not what the call means: a message must not go
 * anywhere else than it says. Those that cannot be unsealed until a restart are taken to be the same: sending then says so.
 */
function hasAll(held: Addresses | undefined, asked: Addresses): boolean {
  return held === undefined || kindsOf(asked).every((kind) => held[kind] === asked[kind]);
}
