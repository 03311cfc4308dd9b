import { MODES, RECEIPT_STATUSES } from '@watchword/contracts';
import { defineScript, loadLua, type RedisConnection } from '@watchword/platform';
import { z } from 'zod';
import type { ReadReceipt, ReceiptOf } from './receipt.ts';

/** A receipt whose attempt was not known when it came. */
export type ParkedReceipt = Omit<ReadReceipt, 'of'>;
type MessageOf = Extract<ReceiptOf, { messageId: string }>;

/** A message is told of for as long as a user may read it late. */
const KEEP_MS = 86_400_000;
/** Binding follows a message at once. What waits longer is of a message that somebody else sent through the account. */
const PARKED_MS = 900_000;
/** Of one account. Far more than are ever between a provider's first word and our binding; a megabyte at most. */
const PARKED_MAX = 1_000;

const messageScript = <R extends z.ZodType>(name: string, reply: R) =>
  defineScript({ lua: loadLua(import.meta.url, `../../lua/message-${name}.lua`), keys: ['message', 'waiting'], reply });

const bindScript = messageScript('bind', z.array(z.string()));
const takeOrParkScript = messageScript('take-or-park', z.string());

const parkedSchema = z.object({
  mode: z.enum(MODES),
  circuit: z.string(),
  status: z.enum(RECEIPT_STATUSES),
  providerCode: z.string().optional(),
  health: z.enum(['healthy', 'unhealthy', 'neutral']),
});

export interface MessageMapOptions {
  readonly redis: RedisConnection;
  readonly keepMs?: number;
  readonly parkedMs?: number;
  /** Messages of one account. */
  readonly parkedMax?: number;
}

export type MessageMap = ReturnType<typeof createMessageMap>;

/**
 * Which attempt a provider's message is of, for providers that repeat nothing of ours in their receipts (WATI). A receipt and
 * the knowledge of its attempt may come in either order: what comes first waits for the other, in one script each. What an account
 * may have waiting is bounded: whoever holds its secret can name messages without end.
 */
export function createMessageMap(options: MessageMapOptions) {
  const { redis, keepMs = KEEP_MS, parkedMs = PARKED_MS, parkedMax = PARKED_MAX } = options;
  const keysOf = ({ account, messageId }: MessageOf) => {
    const waiting = `ww:{w:${account}}`;
    return { message: `${waiting}:${messageId}`, waiting };
  };
  return {
    /**
     * Says which attempt a message is of, and returns the receipts that came before, lowest status first: the caller applies
     * them. They stay there until they expire, so that a caller whose answer was lost gets them again.
     */
    async bind(of: MessageOf, attemptId: string): Promise<ParkedReceipt[]> {
      const parked = await bindScript(redis, keysOf(of), [attemptId, keepMs]);
      const rank = ({ status }: ParkedReceipt) => RECEIPT_STATUSES.indexOf(status);
      return parked.map(parse).toSorted((one, other) => rank(one) - rank(other));
    },

    /** The attempt that a receipt is of; null when nobody knows it yet: then the receipt is parked for `bind`, until newer ones need its room. */
    async takeOrPark({ of, ...receipt }: ReadReceipt & { readonly of: MessageOf }): Promise<string | null> {
      const given = [receipt.status, JSON.stringify(receipt), parkedMs, parkedMax];
      const attemptId = await takeOrParkScript(redis, keysOf(of), given);
      return attemptId === '' ? null : attemptId;
    },
  };
}

function parse(text: string): ParkedReceipt {
  const { providerCode, ...receipt } = parkedSchema.parse(JSON.parse(text));
  return { ...receipt, ...(providerCode === undefined ? {} : { providerCode }) };
}
