import type { Mode } from '@watchword/contracts';
import type { AttemptResult, OutgoingMessage, ProviderAdapter } from '../provider.ts';
import type { LineDown } from './line.ts';
import type { LineOfAccount } from './whatsapp-web.ts';

/** Another worker's line: it may be there when the job comes again. */
const ELSEWHERE_MS = 5_000;

/** WhatsApp Web by Baileys: a text from the account's own number. Nothing is sent before WhatsApp has said that it knows the number. */
export function createBaileysProvider(account: LineOfAccount): ProviderAdapter {
  async function send(message: OutgoingMessage): Promise<AttemptResult> {
    const { to, text, attemptId, signal } = message;
    const number = to.replace(/\D/g, '');
    const isKnown = await within(signal, async () => {
      const line = await account.ready(signal);
      return 'is' in line ? line : { socket: line, known: await line.knows(number) };
    });
    if (isKnown.kind !== 'done') return { outcome: 'transient', providerCode: isKnown.kind };
    if ('is' in isKnown.value) return judgeDown(isKnown.value);
    const { socket, known } = isKnown.value;
    if (!known) return { outcome: 'rejected', class: 'destination', providerCode: 'not_on_whatsapp' };
    const messageId = account.newMessageId(attemptId);
    const sent = await within(signal, () => socket.sendText(number, text, messageId));
    // From here on it may have been written.
    if (sent.kind !== 'done') return { outcome: 'unknown', providerCode: sent.kind };
    return { outcome: 'accepted', providerMessageId: messageId };
  }

  // The line outlives the adapter: other attempts of the account use it, and the worker closes it.
  return { name: 'baileys', mode: 'live', givesReceipts: true, send, close: async () => {} };
}

/** There is no WhatsApp Web at the sandbox, and a test key must not reach the real one. */
export const createUnsentProvider = (mode: Mode): ProviderAdapter => ({
  name: 'baileys',
  mode,
  givesReceipts: false,
  send: async () => ({ outcome: 'rejected', class: 'configuration', providerCode: 'no_sandbox' }),
  close: async () => {},
});

function judgeDown(line: LineDown): AttemptResult {
  switch (line.is) {
    case 'stopped':
      return { outcome: 'rejected', class: 'configuration', providerCode: line.code };
    case 'pairing':
      return { outcome: 'rejected', class: 'configuration', providerCode: 'not_paired' };
    case 'owned_elsewhere':
      return { outcome: 'transient', providerCode: line.is, retryAfterMs: ELSEWHERE_MS, wasCalled: false };
    case 'disconnected':
      return { outcome: 'transient', providerCode: line.is };
  }
}

type Within<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'timeout' | 'socket_error' };

/** What came of it, or that the signal fired first. Its error may quote the message: that there was one is all that is told. */
async function within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<Within<T>> {
  if (signal.aborted) return { kind: 'timeout' };
  const { promise, resolve } = Promise.withResolvers<Within<T>>();
  const onAbort = () => resolve({ kind: 'timeout' });
  signal.addEventListener('abort', onAbort, { once: true });
  work().then(
    (value) => resolve({ kind: 'done', value }),
    () => resolve({ kind: signal.aborted ? 'timeout' : 'socket_error' }),
  );
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
