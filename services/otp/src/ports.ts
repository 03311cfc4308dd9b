import type { Verifications } from '@watchword/verifications';

export type VerificationStore = Verifications;

/** Hands a delivery to the workers. Failing is allowed: the due set follows up. */
export interface DeliveryQueue {
  /** `attempts` made so far tell this job from an earlier one that died with its worker. */
  enqueue(deliveryId: string, attempts: number, requestId?: string): Promise<void>;
}
