import type { ConsumedToken, ConsumeToken } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { CallContext } from '@watchword/verifications';
import type { ApprovalTokens, VerificationStore } from '../ports.ts';

export interface ConsumeTokenDeps {
  readonly verifications: VerificationStore;
  readonly tokens: ApprovalTokens;
}

/** Spends an approval token once, and answers what it says. */
export function createConsumeToken({ verifications, tokens }: ConsumeTokenDeps) {
  return async function consumeToken({ token }: ConsumeToken, call: CallContext): Promise<ConsumedToken> {
    const claims = await tokens.verify(token, call);
    if (claims === null) throw invalid();
    const result = await verifications.consumeToken(claims.id, claims.isExpired, call);
    if (result === 'invalid') throw invalid();
    if (result === 'consumed_before') throw new AppError('token_consumed');
    const { id, purpose, destination, sentTo, approvedAt } = claims;
    return {
      verification: id,
      purpose,
      to: destination,
      ...(sentTo && { sent_to: [...sentTo] }),
      approved_at: new Date(approvedAt).toISOString(),
    };
  };
}

/** One text for every reason: which check a forged token failed is of use to forgers only. */
function invalid(): AppError {
  return new AppError('token_invalid', {
    detail: 'The token has expired, or was not issued for this project and mode.',
  });
}
