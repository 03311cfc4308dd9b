import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { freshDeviceToken, freshEmail, freshNumber } from '../fresh-addresses.ts';
import type { Answer, InboxMessage, Platform, To } from '../platform.ts';

/** What callers did and were told. It grows while the traffic runs. */
export interface Traffic {
  /** Each opened verification's id and the last status that an answer about it told. */
  readonly told: Map<string, string>;
  /** How often each life cycle was led to its end. */
  readonly led: Map<string, number>;
  /** Life cycles that ended because no message came: its provider refused it, or none was up. */
  unreached: number;
  /** Calls that were answered 503, and repeated. */
  refused: number;
  /** What those answers said, and how often. */
  readonly refusals: Map<string, number>;
  /** Calls without an answer, and answers that their life cycle does not expect. */
  readonly failures: string[];
  /** One for each call. */
  readonly answeredMs: number[];
}

export const createTraffic = (): Traffic => ({
  told: new Map(),
  led: new Map(),
  unreached: 0,
  refused: 0,
  refusals: new Map(),
  failures: [],
  answeredMs: [],
});

/** No message came, so there is no code to check. */
export class Unreached extends Error {}

export type Caller = ReturnType<typeof createCaller>;

const THINK_MS_MAX = 3_000;
const MESSAGE_WITHIN_S = 8;
/** Past the end of a code, so that a caller whose answers were lost is told after all what became of it. */
const REPEAT_FOR_MS = 60_000;
const PURPOSES = ['login', 'password_reset', 'transaction'] as const;
/** Each user their own id: sends are limited by it. */
const describedBy = (userId: string) => ({ locale: 'en', metadata: { order: '7' }, client: { user_id: userId } });

/** What the user can be reached at. */
const addressesOf = () => ({ phone: freshNumber(), email: freshEmail(), deviceToken: freshDeviceToken() });

/** One application and its user, who have one verification. Throws when an answer is not one of those that it expects. */
export function createCaller(platform: Platform, traffic: Traffic, draws: readonly number[]) {
  const [, purposeDraw = 0, describedDraw = 0, thinkDraw = 0] = draws;
  const addresses = addressesOf();
  const { phone } = addresses;
  const purpose = PURPOSES[Math.floor(purposeDraw * PURPOSES.length)];
  const think = () => delay(thinkDraw * THINK_MS_MAX);
  let id = '';
  let idempotencyKey: string | undefined;

  /** A busy machine may answer 503; callers repeat it under the same key, when told and then later and later. */
  async function call(path: string, body: object, expected: readonly number[]): Promise<Answer> {
    const headers = { 'idempotency-key': idempotencyKey ?? crypto.randomUUID() };
    const giveUpAt = performance.now() + REPEAT_FOR_MS;
    let answer = await ask();
    for (let waitMs = retryAfterMs(answer); answer.status === 503 && performance.now() < giveUpAt; waitMs *= 2) {
      traffic.refused += 1;
      const told = answer.body.detail;
      traffic.refusals.set(told, (traffic.refusals.get(told) ?? 0) + 1);
      await delay(waitMs * (0.5 + thinkDraw));
      answer = await ask();
    }
    if (!expected.includes(answer.status)) {
      throw new Error(`POST ${id ? path.replace(id, '{id}') : path} was answered ${answer.status} ${answer.body.code}`);
    }
    if (answer.status === 202) id = answer.body.id;
    // A problem's status is a number.
    if (typeof answer.body.status === 'string') traffic.told.set(id, answer.body.status);
    return answer;

    async function ask(): Promise<Answer> {
      const asked = await platform.call('POST', `/v1/verifications${path}`, body, headers);
      traffic.answeredMs.push(asked.ms);
      return asked;
    }
  }

  return {
    addresses,
    /** To the phone, by SMS, unless something else is said. */
    open: (extra: { readonly to?: To; readonly [field: string]: unknown } = {}) =>
      call('', { to: phone, purpose, ...(describedDraw < 0.5 ? describedBy(phone) : {}), ...extra }, [202]),
    check: (code: string, extra: object = {}) => call(`/${id}/check`, { code, ...extra }, [200]),
    checkByDestination: (code: string, to = phone) => call('/check', { to, purpose, code }, [200]),
    /** 409: it ended meanwhile. */
    resend: () => call(`/${id}/resend`, {}, [202, 409]),
    cancel: () => call(`/${id}/cancel`, {}, [200, 409]),
    think,
    /** The code of message `count`, once the user has read it. A message may come in copies, so only other codes count. */
    async code(count = 1, at = phone): Promise<string> {
      const code = await waitForCode(platform, at, count);
      await think();
      return code;
    },
    /** Calls twice under one `Idempotency-Key`. */
    async twice(work: () => Promise<Answer>): Promise<void> {
      idempotencyKey = crypto.randomUUID();
      const [first, second] = [await work(), await work()];
      idempotencyKey = undefined;
      if (JSON.stringify(first.body) !== JSON.stringify(second.body)) throw new Error('A repeat got another answer');
    },
  };
}

const retryAfterMs = ({ headers }: Answer) => Number(headers.get('retry-after') ?? 1) * 1_000;

/** The sandbox answers when the first message is there; polling for it from so many callers would be most of the load. */
async function waitForCode(platform: Platform, to: string, count: number): Promise<string> {
  const query = new URLSearchParams({ to, wait_s: String(MESSAGE_WITHIN_S) });
  const ask = async () => {
    const response = await fetch(`${platform.file.sandbox}/api/messages?${query.toString()}`);
    const codes = ((await response.json()) as InboxMessage[]).flatMap(({ code }) => code ?? []);
    return [...new Set(codes.toReversed())][count - 1];
  };
  const first = await ask();
  if (first !== undefined) return first;
  return eventually('another message', count === 1 ? 0 : MESSAGE_WITHIN_S * 1_000, ask).catch(() => {
    throw new Unreached();
  });
}
