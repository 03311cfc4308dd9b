import type { Channel, FoundVerification } from '@watchword/contracts';
import type { VerificationDocument } from '@watchword/records';
import { type Addresses, addressOf, maskAddress, primaryOf } from '@watchword/verifications/addresses';
import { timeOf } from './answers.ts';

/** @param addresses undefined when they were erased, or cannot be unsealed any more */
export function toFoundVerification(
  document: VerificationDocument,
  addresses: Addresses | undefined,
): FoundVerification {
  const { channel, provider, ended_at } = document;
  return {
    id: `ver_${document.id}`,
    status: document.status,
    mode: document.mode,
    purpose: document.purpose,
    country: document.country,
    ...(channel === null ? {} : { channel }),
    ...(provider === null ? {} : { provider }),
    to_masked: maskAddress(addresses && wentTo(addresses, channel), channel ?? undefined),
    undeliverable: document.undeliverable,
    checks_remaining: document.checks_remaining,
    created_at: timeOf(document.opened_at),
    expires_at: timeOf(document.expires_at),
    ...(ended_at === null ? {} : { ended_at: timeOf(ended_at) }),
  };
}

/** Before there is a delivery, to the address that stands for the verification. */
const wentTo = (addresses: Addresses, channel: Channel | null): string =>
  (channel && addressOf(addresses, channel)) ?? primaryOf(addresses);
