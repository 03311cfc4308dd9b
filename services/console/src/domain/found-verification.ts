import type { FoundVerification } from '@watchword/contracts';
import type { VerificationDocument } from '@watchword/records';
import { maskPhoneNumber } from '@watchword/verifications/phone-number';
import { timeOf } from './answers.ts';

/** @param destination undefined when it was erased, or cannot be unsealed any more */
export function toFoundVerification(
  document: VerificationDocument,
  destination: string | undefined,
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
    to_masked: maskPhoneNumber(destination),
    undeliverable: document.undeliverable,
    checks_remaining: document.checks_remaining,
    created_at: timeOf(document.opened_at),
    expires_at: timeOf(document.expires_at),
    ...(ended_at === null ? {} : { ended_at: timeOf(ended_at) }),
  };
}
