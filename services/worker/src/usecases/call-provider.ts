import type { AttemptResult } from '@watchword/delivery';
import type { Claimed } from '@watchword/verifications';
import type { Granted } from './choose-candidate.ts';

/** Adapters do not throw; if one does, its error may hold the code, so nothing of it is kept. */
export async function callProvider(
  { candidate, message }: Granted,
  claim: Claimed,
  timeoutMs: number,
): Promise<AttemptResult> {
  const { text, subject, html, locale } = message;
  try {
    return await candidate.send({
      channel: claim.channel,
      to: claim.destination,
      code: claim.code,
      text,
      subject,
      html,
      locale,
      purpose: claim.purpose,
      attemptId: claim.attempt.id,
      validitySeconds: Math.max(1, Math.floor(claim.remainingMs / 1000)),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    return { outcome: 'unknown', providerCode: 'adapter_error' };
  }
}
