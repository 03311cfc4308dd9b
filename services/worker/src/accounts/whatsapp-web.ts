import {
  createPairings,
  createSessions,
  createSocketLease,
  createWhatsAppWeb,
  loadBaileysSocket,
  type OpenSocket,
  type ReadReceipt,
  type WhatsAppWeb,
} from '@watchword/delivery';
import type { Clock, Disposer, Logger, RedisConnection } from '@watchword/platform';
import type { Receipts, Sealer } from '@watchword/verifications';

const LOOK_EVERY_MS = 2_000;

export interface WhatsAppWebParts {
  readonly redis: RedisConnection;
  readonly clock: Pick<Clock, 'now'>;
  readonly sealer: Pick<Sealer, 'seal' | 'unseal'>;
  readonly receipts: Pick<Receipts, 'receive'>;
  readonly logger: Logger;
  /** Instead of Baileys'. */
  readonly openSocket?: OpenSocket | undefined;
}

/**
 * This worker's lines to WhatsApp Web, for projects that have paired a phone. Each belongs to one worker at a time; it is made
 * at its first message, or when somebody asks to pair. Throws a StartupError when the package for it is not installed.
 */
export async function startWhatsAppWeb(parts: WhatsAppWebParts, disposer: Disposer): Promise<WhatsAppWeb> {
  const { redis, clock, sealer, receipts, logger } = parts;
  const pairings = createPairings(redis);
  const untold = (what: string) => (error: unknown) => logger.warn({ err: error }, what);
  const web = createWhatsAppWeb({
    openSocket: parts.openSocket ?? (await loadBaileysSocket()),
    lease: createSocketLease({ redis }),
    sessionOf: createSessions({ redis, sealer }),
    onQr: (reference, qr) => void pairings.show(reference, qr).catch(untold('a QR code could not be shown')),
    onReceipt: (receipt) => void apply(receipt).catch(untold('a receipt of WhatsApp Web was not applied')),
    onState(reference, state, code) {
      const line = { account: reference, state, ...(code === undefined ? {} : { code }) };
      if (state === 'stopped') logger.error(line, 'WhatsApp Web has said no: pair the account anew');
      else logger.info(line, 'WhatsApp Web');
    },
  });

  async function apply({ of, mode, status }: ReadReceipt): Promise<void> {
    if ('attemptId' in of) await receipts.receive({ attemptId: of.attemptId, provider: 'baileys', mode, status });
  }

  async function connectAsked(): Promise<void> {
    for (const reference of await pairings.asked(clock.now())) {
      if (await web.connect(reference)) await pairings.taken(reference);
    }
  }

  let running: Promise<void> = Promise.resolve();
  const looking = setInterval(() => {
    running = connectAsked().catch(untold('who wants to pair is not known'));
  }, LOOK_EVERY_MS);
  disposer.add(async () => {
    clearInterval(looking);
    await running;
    await web.close();
  });
  return web;
}
