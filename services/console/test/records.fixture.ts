import { type KeyRing, keyRingVariable } from '@watchword/platform';
import { createBlindIndex, openRecords, type StatisticsRow, type VerificationDocument } from '@watchword/records';
import { createSealer } from '@watchword/verifications';

export const ringOf = (text: string): KeyRing => keyRingVariable().parse(text);

export const OPENED = Date.parse('2026-11-20T08:00:00Z');

/** What is asked for by its plain text, and what it is recorded under. */
export interface Opened extends Partial<VerificationDocument> {
  readonly id: string;
  readonly project: string;
  readonly to: string;
  /** Beside it. */
  readonly email?: string;
  readonly userId?: string;
}

/** A verification as a recorder that has these keys writes it. */
export function recordedBy({ seal, index }: { seal: KeyRing; index: KeyRing }) {
  const blindIndex = createBlindIndex(index);
  const sealer = createSealer(seal);
  return ({ to, email, userId, ...fields }: Opened): VerificationDocument => {
    const { key, digest } = blindIndex.of(to);
    const addresses = email === undefined ? to : JSON.stringify({ phone: to, email });
    const user = userId === undefined ? undefined : blindIndex.ofUser(fields.project, userId);
    const { channel = 'sms', provider = 'twilio' } = fields;
    return {
      mode: 'live',
      purpose: 'login',
      country: 'US',
      status: 'approved',
      undeliverable: false,
      destination: sealer.seal(addresses, fields.id, 'destination'),
      seal_key: seal.current.id,
      destination_index: digest,
      second_index: email === undefined ? null : blindIndex.of(email).digest,
      third_index: null,
      destination_index_key: key,
      context: null,
      user_index: user?.digest ?? null,
      user_index_key: user?.key ?? null,
      channel,
      channels: channel === null ? [] : [channel],
      provider,
      providers: provider === null ? [] : [provider],
      erased_at: null,
      code_ttl_ms: 300_000,
      checks_remaining: 3,
      last_delivery: 1,
      last_send: null,
      opened_at: OPENED,
      expires_at: OPENED + 300_000,
      ended_at: OPENED + 60_000,
      token_consumed_at: null,
      applied_seq: 5,
      ...fields,
    };
  };
}

/** Writes beside the console, into the file that it reads. */
export async function record(
  file: string,
  verifications: readonly VerificationDocument[],
  statistics: readonly StatisticsRow[] = [],
): Promise<void> {
  const records = await openRecords({ file });
  try {
    const until = Date.now() + 60_000;
    const { cursors } = await records.renewLeases('test', until, ['00']);
    const cursor = cursors.find(({ id }) => id === '00');
    const lease = cursor && (await records.takeShard(cursor, 'test', until));
    if (!lease) throw new Error('Another test writes to the file');
    const none = { events: [], deliveries: [], attempts: [], receipts: [], tokens: [], tallies: [], poison: [] };
    await records.writeBatch(lease, {
      ...none,
      position: `${Number(lease.position.split('-')[0]) + 1}-0`,
      verifications,
    });
    await records.addStatistics(statistics);
  } finally {
    await records.close();
  }
}
