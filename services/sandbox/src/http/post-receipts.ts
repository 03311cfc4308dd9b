import type { Logger } from '@watchword/platform';
import { planReceipts, type ReceiptScript } from '../domain/receipts.ts';
import type { Callback, Carrier } from '../wire/carrier.ts';
import { delayCall, type OpenCalls } from './open-calls.ts';

/** Messages whose receipts are still to come; those of more are never sent, so that a load test cannot fill the memory. */
const MESSAGES_MAX = 2_000;
const TIMEOUT_MS = 3_000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export interface PostReceiptsDeps {
  readonly calls: OpenCalls;
  readonly logger: Logger;
  /** Hosts that receipts may go to beside this machine's loopback. */
  readonly hosts: readonly string[];
}

/** Posts what a provider tells of one message, and resolves when it has told all. Never rejects. */
export type PostReceipts = (carrier: Carrier, callback: Callback | undefined, script: ReceiptScript) => Promise<void>;

export function createPostReceipts({ calls, logger, hosts }: PostReceiptsDeps): PostReceipts {
  const closing = new AbortController();
  calls.add(() => closing.abort());
  let messages = 0;

  function mayCall(url: string): boolean {
    if (!URL.canParse(url)) return false;
    const { protocol, hostname } = new URL(url);
    return /^https?:$/.test(protocol) && (LOOPBACK.test(hostname) || hosts.includes(hostname));
  }

  async function post(url: string, { headers, body }: ReturnType<Callback['write']>): Promise<void> {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
      await answer.body?.cancel();
      logger.debug({ status: answer.status }, 'receipt posted');
    } catch (error) {
      // As with a real provider: nobody at the sender's end hears of it.
      logger.debug({ err: error }, 'receipt not posted');
    }
  }

  return async function postReceipts(carrier, callback, script) {
    if (callback === undefined) return;
    if (messages >= MESSAGES_MAX || !mayCall(callback.url)) {
      logger.warn(
        { provider: carrier.provider },
        'no receipts: too many under way, or their URL is not of this machine',
      );
      return;
    }
    messages += 1;
    for (const step of planReceipts(script, carrier.tellsSent)) {
      await delayCall(calls, step.afterMs);
      if (closing.signal.aborted) break;
      await post(callback.url, callback.write(step));
    }
    messages -= 1;
  };
}
