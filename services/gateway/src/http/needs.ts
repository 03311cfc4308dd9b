import type { ManagedCall } from '@watchword/contracts';
import type { CallNeed } from '../ports.ts';

/** Opening, checking and all that changes a verification. */
export const WRITES_VERIFICATIONS: CallNeed = { scopes: ['verifications:write'], isManaged: false };

/** One verification by its id: whoever opens may follow what became of it. Lists and figures need `verifications:read`. */
export const READS_VERIFICATION: CallNeed = { scopes: ['verifications:read', 'verifications:write'], isManaged: false };

export const ERASES: CallNeed = { scopes: ['config:write'], isManaged: false };

export const needsScope = (
  { scope, orScope }: Pick<ManagedCall, 'scope' | 'orScope'>,
  { isManaged }: Pick<CallNeed, 'isManaged'>,
): CallNeed => ({ scopes: orScope === undefined ? [scope] : [scope, orScope], isManaged });

/** For the document. */
export const describeNeed = ({ scopes }: CallNeed) =>
  `Needs the scope ${scopes.map((scope) => `\`${scope}\``).join(' or ')}.`;
