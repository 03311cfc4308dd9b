import type { EventType } from '@watchword/contracts';
import type { SealedParts } from '../src/domain/fold.ts';
import { type RecordableEvent, toEvent } from '../src/domain/stream-event.ts';

export type Data = Record<string, string | number>;
export type Fact = [EventType, Data?];

export const LIFE_ID = 'abcdefghjkmnpqrstvwxyz0123';
export const OPENED = {
  project: 'p',
  mode: 'test',
  purpose: 'login',
  country: 'US',
  checks_max: 3,
  code_ttl_ms: 1_000,
};

/** What stands beside the first event, of no meaning to what is folded and counted. */
export const SEALED: SealedParts = {
  destination: Buffer.from('sealed'),
  seal_key: 1,
  destination_index: null,
  second_index: null,
  third_index: null,
  destination_index_key: null,
  context: null,
  user_index: null,
  user_index_key: null,
  erased_at: null,
};

/** Events of one verification, numbered and timed in their order. */
export const eventsOf = (...facts: Fact[]): RecordableEvent[] => eventsAt(LIFE_ID, 10_000, 1, facts);

export function eventsAt(id: string, at: number, everyMs: number, facts: readonly Fact[]): RecordableEvent[] {
  return facts.map(([type, data = {}], index) => {
    const event = toEvent(id, index + 1, type, at + index * everyMs, data);
    if ('unreadable' in event) throw new Error(event.unreadable);
    return event;
  });
}

/** What may happen to a verification, in any order: neither fold nor statistics may rely on what the scripts would do. */
export function anyFacts(random: () => number, opened: Data = OPENED, id = LIFE_ID): Fact[] {
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
  const deliveryOf = (ordinal: number) => `del_${id}-${ordinal}`;
  const facts: Fact[] = [['verification.opened', opened]];
  let deliveries = 0;
  let sends = 0;
  // Those of old say nothing of sends: then each has one delivery.
  const saysSends = random() < 0.7;
  for (let length = 5 + Math.floor(random() * 25); length > 0; length -= 1) {
    if (deliveries === 0 || random() < 0.15) {
      deliveries += 1;
      const isOfSameSend = saysSends && sends > 0 && random() < 0.6;
      if (!isOfSameSend) sends += 1;
      const told: Data = saysSends ? { send: sends } : {};
      if (isOfSameSend && random() < 0.5) told.reason = pick(['failed', 'timeout']);
      const channel = pick(['sms', 'whatsapp', 'email']);
      facts.push(['delivery.queued', { delivery: deliveryOf(deliveries), channel, ...told }]);
      continue;
    }
    const of = { delivery: deliveryOf(1 + Math.floor(random() * deliveries)) };
    const attempt = 1 + Math.floor(random() * 3);
    const provider = pick(['twilio', 'vonage']);
    const makers: (() => Fact)[] = [
      () => ['attempt.started', { ...of, attempt }],
      () => {
        const outcome = pick(['accepted', 'accepted', 'rejected', 'transient', 'unknown']);
        const called = random() < 0.8 ? { provider, cost_micros: 7_500, template: pick(['tpl_a', 'shipped']) } : {};
        return ['attempt.settled', { ...of, attempt, outcome, ...called }];
      },
      () => ['delivery.ended', { ...of, status: pick(['accepted', 'failed', 'expired_unsent', 'skipped']) }],
      () => {
        const status = pick(['sent', 'undelivered', 'delivered', 'read']);
        const moved = status === 'sent' ? {} : { delivery_status: status };
        return ['receipt.received', { ...of, attempt, provider, status, ...moved }];
      },
      () => ['check.judged', { result: 'incorrect', checks_remaining: Math.floor(random() * 3) }],
      () => [
        pick([
          'verification.approved',
          'verification.expired',
          'verification.undeliverable',
          'token.consumed',
        ] as const),
      ],
    ];
    facts.push(pick(makers)());
  }
  return facts;
}
