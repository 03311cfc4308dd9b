import { randomUUID } from 'node:crypto';
import type { Clock } from '@watchword/platform';
import { keylessContext } from '../hop/keyless-context.ts';
import type { Hop } from '../ports.ts';

export interface ProbeOtpDeps {
  readonly hop: Hop;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly project: string;
}

/**
 * Proves that otp is there and takes this gateway's signature: it reads a verification whose id is none, which otp
 * refuses without a look-up. Rejects with the reason when the hop does not work.
 */
export function createProbeOtp({ hop, clock, requestTimeoutMs, project }: ProbeOtpDeps) {
  return async function probeOtp(): Promise<void> {
    const answer = await hop.forward({
      method: 'GET',
      path: '/v1/verifications/probe',
      body: '',
      context: keylessContext(randomUUID(), Math.round(clock.serverNow()) + requestTimeoutMs, project),
      timeLeftMs: requestTimeoutMs,
    });
    if (answer.outcome === 'unanswered') throw new Error(answer.reason);
    if (answer.status >= 500) throw new Error(`otp answered ${answer.status}`);
  };
}
