import type { Verification, VerificationEvent } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import { maskPhoneNumber } from '../domain/phone-number.ts';
import type { VerificationStore } from '../ports.ts';

export function createReadVerification(verifications: VerificationStore) {
  /** A verification's state, for its own project only. */
  async function readVerification(id: string, project: string): Promise<Verification> {
    const view = await verifications.read(id, project);
    if (view === null) throw new AppError('not_found');
    const to_masked = maskPhoneNumber(view.destination);
    return {
      id: view.id,
      status: view.status,
      purpose: view.purpose,
      undeliverable: view.undeliverable,
      deliveries: view.deliveries.map((delivery) => ({ ...delivery, to_masked })),
      created_at: new Date(view.openedAt).toISOString(),
      expires_at: new Date(view.expiresAt).toISOString(),
      ...(view.endedAt === undefined ? {} : { ended_at: new Date(view.endedAt).toISOString() }),
      checks_remaining: view.checksRemaining,
      ...(view.locale === undefined ? {} : { locale: view.locale }),
      ...(view.metadata === undefined ? {} : { metadata: view.metadata }),
    };
  }

  async function readTimeline(id: string, project: string): Promise<{ events: VerificationEvent[] }> {
    const events = await verifications.timeline(id, project);
    if (events === null) throw new AppError('not_found');
    return { events };
  }

  return { readVerification, readTimeline };
}
