import type { Logger } from '@watchword/platform';
import type { Inbox } from '../domain/inbox.ts';
import type { Provider } from '../domain/provider.ts';
import { planReceipts, type ReceiptScript } from '../domain/receipts.ts';
import type { Callback, WireReceipt } from '../wire/carrier.ts';
import { delayCall, type OpenCalls } from './open-calls.ts';

/** Messages whose receipts are still to come; those of more are never sent, so that a load test cannot fill the memory. */
const MESSAGES_MAX = 2_000;
const TIMEOUT_MS = 3_000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export interface PostReceiptsDeps {
  readonly inbox: Inbox;
  readonly calls: OpenCalls;
  readonly logger: Logger;
  readonly now: () => number;
  /** Hosts that receipts may go to beside this machine's loopback. */
  readonly hosts: readonly string[];
}

/** A message that its provider tells of. */
export interface ToldMessage {
  readonly id: string;
  readonly provider: Provider;
  readonly callback: Callback | undefined;
  readonly script: ReceiptScript;
}

/** Posts what a provider tells of one message, and resolves when it has told all. Never rejects. */
export type PostReceipts = (message: ToldMessage) => Promise<void>;

export function createPostReceipts({ inbox, calls, logger, now, hosts }: PostReceiptsDeps): PostReceipts {
  const closing = new AbortController();
  calls.add(() => closing.abort());
  let messages = 0;

  function mayCall(url: string): boolean {
    if (!URL.canParse(url)) return false;
    const { protocol, hostname } = new URL(url);
    return /^https?:$/.test(protocol) && (LOOPBACK.test(hostname) || hosts.includes(hostname));
  }

  /** The status of the answer; null when there was none. */
  async function post(usualUrl: string, { url = usualUrl, headers, body }: WireReceipt): Promise<number | null> {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
      await answer.body?.cancel();
      logger.debug({ status: answer.status }, 'receipt posted');
      return answer.status;
    } catch (error) {
      // As with a real provider: nobody at the sender's end hears of it. The inbox shows it.
      logger.debug({ err: error }, 'receipt not posted');
      return null;
    }
  }

  return async function postReceipts({ id, provider, callback, script }) {
    if (callback === undefined) return;
    if (messages >= MESSAGES_MAX || !mayCall(callback.url)) {
      logger.warn({ provider }, 'no receipts: too many under way, or their URL is not of this machine');
      return;
    }
    messages += 1;
    for (const step of planReceipts(script, callback.tells)) {
      await delayCall(calls, step.afterMs);
      for (const receipt of callback.write(step)) {
        if (closing.signal.aborted) break;
        const at = new Date(now()).toISOString();
        // Once: some providers repeat what nobody took, and the sandbox does not.
        const answered = await post(callback.url, receipt);
        inbox.addReceipt(id, { status: receipt.status, at, answered });
      }
    }
    messages -= 1;
  };
}
