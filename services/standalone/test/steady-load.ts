import { Agent, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { freshNumber, type Platform } from '@watchword/testkit';

const REQUESTS_PER_SECOND = 100;
const CONNECTIONS = 20;
/** One request in four comes along a connection of its own. */
const FRESH_EACH = 4;
/** What a client is told of a connection that the other side's kernel gave up. */
const CUT = new Set(['ECONNRESET', 'EPIPE']);

/**
 * What became of one open. `refused`: nobody listened, so nobody has it. `unaccepted`: its connection was reset before it had
 * answered anything; as good as refused, when the kernel had made it in the instant in which listening ended, so that nobody could
 * accept it. `broken`: somebody had it, and gave no answer.
 */
export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly id: string | undefined }
  | { readonly kind: 'refused' | 'unaccepted' }
  | { readonly kind: 'broken'; readonly why: string };

export interface LoadSend {
  readonly to: string;
  readonly startedAt: number;
  readonly outcome: Outcome;
}

/** Opens verifications at 100 requests/s, over kept-alive connections and over fresh ones, until it is stopped. */
export function startSteadyLoad({ gateway, apiKey }: { gateway: string; apiKey: string }) {
  // In turn: a request along a connection that has been idle for long may cross with its end, whatever a server does.
  const keptAlive = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' });
  const pending: Promise<LoadSend>[] = [];
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };

  async function send(isFresh: boolean): Promise<LoadSend> {
    const to = freshNumber();
    const startedAt = Date.now();
    const call = request(`${gateway}/v1/verifications`, {
      method: 'POST',
      headers,
      agent: isFresh ? false : keptAlive,
    });
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        call.once('response', resolve).on('error', reject);
        call.end(JSON.stringify({ to }));
      });
      const { id } = (await json(response)) as { id?: string };
      return { to, startedAt, outcome: { kind: 'answered', status: response.statusCode ?? 0, id } };
    } catch (error) {
      const { code = 'unknown', message } = error as { code?: string; message: string };
      if (code === 'ECONNREFUSED') return { to, startedAt, outcome: { kind: 'refused' } };
      // Along a connection that had brought an answer before, it would be broken.
      if (!call.reusedSocket && CUT.has(code)) return { to, startedAt, outcome: { kind: 'unaccepted' } };
      return { to, startedAt, outcome: { kind: 'broken', why: `${code}: ${message}` } };
    }
  }

  const timer = setInterval(() => pending.push(send(pending.length % FRESH_EACH === 0)), 1_000 / REQUESTS_PER_SECOND);
  return {
    async stop(): Promise<LoadSend[]> {
      clearInterval(timer);
      const sends = await Promise.all(pending);
      keptAlive.destroy();
      return sends;
    },
  };
}

/** The verifications that were accepted. */
export const acceptedOf = (sends: readonly LoadSend[]): string[] =>
  sends.flatMap(({ outcome }) =>
    outcome.kind === 'answered' && outcome.status === 202 && outcome.id ? [outcome.id] : [],
  );

const READ_AT_ONCE = 20;
/** By a provider; a receipt may have told more since. */
const TAKEN = new Set(['accepted', 'delivered', 'read']);

/** Those whose message no provider has taken yet. */
export async function findUndelivered(platform: Platform, ids: readonly string[]): Promise<string[]> {
  const undelivered: string[] = [];
  for (let index = 0; index < ids.length; index += READ_AT_ONCE) {
    const some = ids.slice(index, index + READ_AT_ONCE);
    const views = await Promise.all(some.map((id) => platform.call('GET', `/v1/verifications/${id}`)));
    // A slow machine may answer 503: not known yet.
    const isDelivered = views.map(({ status, body }) => status === 200 && TAKEN.has(body.deliveries[0]?.status ?? ''));
    undelivered.push(...some.filter((_, position) => !isDelivered[position]));
  }
  return undelivered;
}
