import type { RecordedState } from '@watchword/records';

/** A verification's state in one shape, whoever states it. Times are milliseconds since the epoch. */
export interface Stated {
  readonly purpose: unknown;
  readonly status: unknown;
  readonly undeliverable: unknown;
  readonly checks_remaining: unknown;
  readonly opened_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly deliveries: readonly { readonly id: string; readonly status: unknown }[];
}

/** What the API does not tell. */
interface Internals {
  readonly project: unknown;
  readonly mode: unknown;
  readonly code_ttl_ms: number;
  readonly applied_seq: number;
  /** Of each delivery. */
  readonly attempts: readonly number[];
}

export type RedisHash = Readonly<Record<string, string>>;

/** Of a delivery, by its status: nothing is done for it any more. */
export const hasEnded = (status: string) => status !== 'queued' && status !== 'sending';

export function statedByRecords({ verification, deliveries, attempts }: RecordedState): Stated & Internals {
  const { project, mode, purpose, status, undeliverable, code_ttl_ms, applied_seq } = verification;
  return {
    project,
    mode,
    purpose,
    status,
    undeliverable,
    checks_remaining: verification.checks_remaining,
    code_ttl_ms,
    opened_at: verification.opened_at,
    expires_at: verification.expires_at,
    ended_at: verification.ended_at,
    applied_seq,
    deliveries: deliveries.map(({ id, status: of }) => ({ id, status: of })),
    attempts: deliveries.map(({ id }) => attempts.filter(({ delivery }) => delivery === id).length),
  };
}

/** The fields are told in packages/verifications/lua/prelude.lua. */
export function statedByRedis(id: string, hash: RedisHash): Stated & Internals {
  const number = (field: string) => Number(hash[field] ?? 0);
  const ordinals = Array.from({ length: number('n') }, (_, index) => index + 1);
  return {
    project: hash.p,
    mode: hash.m,
    purpose: hash.u,
    status: hash.s,
    undeliverable: hash.U === '1',
    checks_remaining: number('c'),
    code_ttl_ms: number('T'),
    opened_at: number('o'),
    expires_at: number('x'),
    ended_at: hash.e === undefined ? null : number('e'),
    applied_seq: number('q'),
    deliveries: ordinals.map((ordinal) => ({ id: `del_${id}-${ordinal}`, status: hash[`s${ordinal}`] })),
    attempts: ordinals.map((ordinal) => number(`a${ordinal}`)),
  };
}

/** `body`: as `GET /v1/verifications/{id}` answers. */
export function statedByApi(body: object): Stated {
  const answer = body as Record<string, unknown>;
  const time = (field: string) => Date.parse(String(answer[field]));
  const deliveries = (answer.deliveries ?? []) as Stated['deliveries'];
  return {
    purpose: answer.purpose,
    status: answer.status,
    undeliverable: answer.undeliverable,
    checks_remaining: answer.checks_remaining,
    opened_at: time('created_at'),
    expires_at: time('expires_at'),
    ended_at: answer.ended_at === undefined ? null : time('ended_at'),
    deliveries: deliveries.map(({ id, status }) => ({ id, status })),
  };
}
