import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../child.ts';
import { type CountingCarrier, startCountingCarrier } from '../counting-carrier.ts';
import { eventually } from '../eventually.ts';
import { freshNumber } from '../fresh-addresses.ts';
import { openPatiently } from '../open-patiently.ts';
import { percentile } from '../percentile.ts';
import type { Fault, InboxMessage, Platform } from '../platform.ts';

/** A fleet of worker processes whose primary can be watched. */
export interface Fleet {
  readonly platform: Platform;
  readonly carrier: CountingCarrier;
  readonly workers: readonly Child[];
  /** The primary's circuit, as Redis has it. */
  readonly readCircuit: () => Promise<{ readonly state: string; readonly probes: number }>;
}

/** Starts the workers in turn: together they would starve each other. The platform runs without a worker of its own. */
export async function startFleet(platform: Platform, readCircuit: Fleet['readCircuit'], count: number): Promise<Fleet> {
  const carrier = await startCountingCarrier(platform.file.sandbox ?? '');
  const workers: Child[] = [];
  for (let started = 0; started < count; started += 1) {
    workers.push(await platform.startService('worker', { SANDBOX_URL: carrier.url }));
  }
  return { platform, carrier, workers, readCircuit };
}

export interface ProviderOutageOptions {
  readonly fault: Fault;
  readonly outageMs: number;
  readonly sendsPerSecond: number;
  /** Calls that were permitted before the circuit opened have ended by then. */
  readonly providerTimeoutMs: number;
  /** From the end of the outage until the primary has all its traffic again. */
  readonly backMs: number;
}

export interface ProviderOutageReport {
  readonly first_failure_to_open_ms: number;
  /** Calls to the primary while its circuit was open or half open: all of them are probes. */
  readonly probes: number;
  readonly probes_at_once_at_carrier: number;
  readonly probes_at_once_in_redis: number;
  readonly p95_before_ms: number;
  readonly p95_secondary_ms: number;
  readonly back_after_ms: number;
  /** What the circuit did, as the workers told it, in order. */
  readonly transitions: readonly string[];
  /** Messages that were promised: all of them have arrived. */
  readonly messages: number;
  readonly through_primary_after: number;
}

const BEFORE_MS = 3_000;
const AFTER_MS = 2_000;

/** Sends steadily before, during and after an outage of the primary, and reports how its circuit led around it. */
export async function sendThroughProviderOutage(
  fleet: Fleet,
  { fault, outageMs, sendsPerSecond, providerTimeoutMs, backMs }: ProviderOutageOptions,
): Promise<ProviderOutageReport> {
  const { platform, carrier, readCircuit } = fleet;
  const logFrom = logLengths(fleet);
  const load = startLoad(platform, sendsPerSecond);
  const watch = watchProbes(readCircuit);
  await delay(BEFORE_MS);

  const downAt = Date.now();
  await platform.setFault('twilio', fault);
  await eventually('an open circuit', 15_000, async () => ((await readCircuit()).state === 'open' ? true : undefined));
  const openAt = Date.now();
  await delay(providerTimeoutMs + 200);
  carrier.reset();
  await delay(Math.max(0, downAt + outageMs - Date.now()));
  const { calls, atOnce } = carrier.counted();

  const upAt = Date.now();
  await platform.clearFaults();
  await eventually('the primary back', backMs, async () =>
    (await readCircuit()).state === 'closed' ? true : undefined,
  );
  const backAt = Date.now();
  await delay(AFTER_MS);
  const messages = await load.stop();
  const transitions = transitionsOf(fleet, logFrom);
  const latencyIn = (from: number, until: number, provider?: string) =>
    percentile(
      messages
        .filter(
          ({ sentAt, message }) =>
            sentAt >= from && sentAt < until && (provider ?? message.provider) === message.provider,
        )
        .map(({ sentAt, message }) => Date.parse(message.at) - sentAt),
      0.95,
    );
  return {
    first_failure_to_open_ms: transitions.find(({ to }) => to === 'open')?.ms ?? Number.NaN,
    probes: calls,
    probes_at_once_at_carrier: atOnce,
    probes_at_once_in_redis: watch.stop(),
    p95_before_ms: latencyIn(0, downAt),
    p95_secondary_ms: latencyIn(openAt, upAt, 'vonage'),
    back_after_ms: backAt - upAt,
    transitions: transitions.map(({ to, reason }) => `${to} (${reason})`),
    messages: messages.length,
    through_primary_after: messages.filter(({ sentAt, message }) => sentAt > backAt && message.provider === 'twilio')
      .length,
  };
}

/** Takes the primary down and up again and again, and tells what its circuit made of that. */
export async function sendThroughFlappingProvider(
  fleet: Fleet,
  options: {
    readonly fault: Fault;
    readonly phaseMs: number;
    readonly phases: number;
    readonly sendsPerSecond: number;
  },
): Promise<{ readonly transitions: readonly string[]; readonly messages: number }> {
  const logFrom = logLengths(fleet);
  const load = startLoad(fleet.platform, options.sendsPerSecond);
  for (let phase = 0; phase < options.phases; phase += 1) {
    if (phase % 2 === 0) await fleet.platform.setFault('twilio', options.fault);
    else await fleet.platform.clearFaults();
    await delay(options.phaseMs);
  }
  await fleet.platform.clearFaults();
  const messages = await load.stop();
  const transitions = transitionsOf(fleet, logFrom).map(({ to, reason }) => `${to} (${reason})`);
  return { transitions, messages: messages.length };
}

interface Sent {
  readonly sentAt: number;
  readonly message: InboxMessage;
}

/** Opens verifications at a steady rate; `stop` waits until each has its message, and returns the first copy of each. */
function startLoad(platform: Platform, perSecond: number): { stop(): Promise<Sent[]> } {
  const sentAt = new Map<string, number>();
  const calls: Promise<number>[] = [];
  async function openNoting(to: string): Promise<number> {
    const { answer, askedAt } = await openPatiently(platform, to);
    sentAt.set(to, askedAt);
    return answer.status;
  }
  const timer = setInterval(() => {
    calls.push(openNoting(freshNumber()));
  }, 1_000 / perSecond);
  return {
    async stop() {
      clearInterval(timer);
      const refused = (await Promise.all(calls)).filter((status) => status !== 202);
      if (refused.length > 0) throw new Error(`${refused.length} sends were refused: ${refused[0]}`);
      const first = await eventually(`${sentAt.size} messages`, 30_000, async () => {
        const arrived = new Map<string, InboxMessage>();
        for (const message of await platform.inbox()) {
          const known = arrived.get(message.to);
          if (sentAt.has(message.to) && (!known || message.at < known.at)) arrived.set(message.to, message);
        }
        return arrived.size === sentAt.size ? arrived : undefined;
      });
      return [...first].map(([to, message]) => ({ sentAt: sentAt.get(to) ?? 0, message }));
    },
  };
}

/** Reads the circuit over and over; `stop` returns the most probes that were ever under way. */
function watchProbes(readCircuit: Fleet['readCircuit']): { stop(): number } {
  let most = 0;
  const timer = setInterval(() => {
    // A reading that fails is one reading less.
    readCircuit().then(
      ({ probes }) => {
        most = Math.max(most, probes);
      },
      () => undefined,
    );
  }, 20);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}

interface ToldTransition {
  readonly at: number;
  readonly to: string;
  readonly reason: string;
  readonly ms: number | undefined;
}

const logLengths = ({ workers }: Fleet) => workers.map((worker) => worker.output().length);

/** Of the primary, from the workers' logs: only the worker that moved the circuit tells of it. */
function transitionsOf({ workers }: Fleet, from: readonly number[]): ToldTransition[] {
  const lines = workers.flatMap((worker, index) => worker.output().slice(from[index]).split('\n'));
  const told = lines
    .filter((line) => line.includes('"msg":"circuit ') && line.includes('"provider":"twilio"'))
    .map(
      (line) =>
        JSON.parse(line) as { time: number | string; to: string; reason: string; ms_since_first_failure?: number },
    );
  return told
    .map(({ time, to, reason, ms_since_first_failure: ms }) => ({ at: new Date(time).getTime(), to, reason, ms }))
    .toSorted((left, right) => left.at - right.at);
}
