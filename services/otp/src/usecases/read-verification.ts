import type { Verification, VerificationEvent } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import { type RecordedState, RecordsUnavailable } from '@watchword/records';
import {
  type Owner,
  openAddresses,
  openContext,
  type Sealer,
  stripVerificationPrefix,
  type VerificationView,
} from '@watchword/verifications';
import type { DurableRecords, VerificationStore } from '../ports.ts';
import { maskDestination } from './hand-over.ts';

export interface ReadVerificationDeps {
  readonly verifications: VerificationStore;
  /** Undefined where there are none: then what Redis has forgotten is not found. */
  readonly records: DurableRecords | undefined;
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly now: () => number;
}

/**
 * Redis answers for what is happening, the records for what Redis has forgotten or passed on. Redis is always asked first:
 * an event is recorded before it leaves there, so that what it no longer had is in the records by then.
 */
export function createReadVerification({ verifications, records, sealer, now }: ReadVerificationDeps) {
  /** A verification's state, for its owner only. */
  async function readVerification(id: string, owner: Owner): Promise<Verification> {
    return toAnswer((await verifications.read(id, owner)) ?? (await readRecorded(id, owner)));
  }

  async function readRecorded(id: string, owner: Owner): Promise<VerificationView> {
    const tail = await verifications.tail(id, owner);
    if (tail === null || tail.isHeld) throw new AppError('not_found');
    const recorded = await ask(records?.readVerification(owner.project, bodyOf(id)));
    if (recorded !== null && recorded.verification.mode !== owner.mode) throw new AppError('not_found');
    const recordedSeq = recorded?.verification.applied_seq ?? 0;
    if (tail.isCut || (tail.events.at(-1)?.seq ?? 0) > recordedSeq) throw unavailable();
    if (recorded === null) throw new AppError('not_found');
    return toView(id, recorded, sealer, now());
  }

  /** The recorded events and those that still wait in Redis, each once. */
  async function readTimeline(id: string, owner: Owner): Promise<{ events: VerificationEvent[] }> {
    const tail = await verifications.tail(id, owner);
    if (tail === null) throw new AppError('not_found');
    if (tail.isComplete) return { events: tail.events };
    const recorded = await ask(records?.readTimeline(owner.project, bodyOf(id)));
    const bySeq = new Map([...(recorded ?? []), ...tail.events].map((event) => [event.seq, event]));
    const events = [...bySeq.values()].toSorted((left, right) => left.seq - right.seq);
    if (events.length === 0 && !tail.isHeld && !tail.isCut) throw new AppError('not_found');
    const [opened] = events;
    if (opened?.type === 'verification.opened' && opened.data.mode !== owner.mode) throw new AppError('not_found');
    if (opened?.seq !== 1 || tail.isCut) throw unavailable();
    return { events };
  }

  return { readVerification, readTimeline };
}

const bodyOf = (id: string) => stripVerificationPrefix(id) ?? '';

/** Null without records, and when they do not have it. */
async function ask<T>(answer: Promise<T | null> | undefined): Promise<T | null> {
  try {
    return (await answer) ?? null;
  } catch (error) {
    throw error instanceof RecordsUnavailable ? unavailable(error) : error;
  }
}

function unavailable(cause?: unknown): AppError {
  const detail = 'The records, which hold a part of this, are away or behind. Sending and checking codes goes on.';
  return new AppError('unavailable', { detail, cause });
}

/** A record says what the hash in Redis would: a pending verification past its expiry reads `expired`. */
function toView(
  id: string,
  { verification, deliveries }: Omit<RecordedState, 'attempts'>,
  sealer: Pick<Sealer, 'unseal'>,
  now: number,
): VerificationView {
  const { project, mode, purpose, undeliverable, context } = verification;
  const hasExpired = verification.status === 'pending' && now > verification.expires_at;
  const { locale, metadata } = openContext(sealer, context ?? undefined, verification.id);
  const endedAt = hasExpired ? verification.expires_at : verification.ended_at;
  return {
    id,
    project,
    mode,
    purpose,
    status: hasExpired ? 'expired' : verification.status,
    undeliverable,
    addresses: openAddresses(sealer, verification.destination, verification.id),
    openedAt: verification.opened_at,
    expiresAt: verification.expires_at,
    endedAt: endedAt ?? undefined,
    checksRemaining: verification.checks_remaining,
    locale,
    metadata,
    deliveries: deliveries.map(({ id: delivery, channel, status }) => ({ id: delivery, channel, status })),
  };
}

function toAnswer(view: VerificationView): Verification {
  return {
    id: view.id,
    status: view.status,
    purpose: view.purpose,
    undeliverable: view.undeliverable,
    deliveries: view.deliveries.map((delivery) => ({
      ...delivery,
      to_masked: maskDestination(view.addresses, delivery.channel),
    })),
    created_at: new Date(view.openedAt).toISOString(),
    expires_at: new Date(view.expiresAt).toISOString(),
    ...(view.endedAt === undefined ? {} : { ended_at: new Date(view.endedAt).toISOString() }),
    checks_remaining: view.checksRemaining,
    ...(view.locale === undefined ? {} : { locale: view.locale }),
    ...(view.metadata === undefined ? {} : { metadata: view.metadata }),
  };
}
