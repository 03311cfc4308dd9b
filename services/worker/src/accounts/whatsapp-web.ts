import {
  attendPairings,
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
import type { Sealer } from '@watchword/verifications';
import type { ApplyReceipt } from '../usecases/apply-receipt.ts';

const LOOK_EVERY_MS = 2_000;

export interface WhatsAppWebParts {
  readonly redis: RedisConnection;
  readonly clock: Pick<Clock, 'now'>;
  readonly sealer: Pick<Sealer, 'seal' | 'unseal'>;
  readonly applyReceipt: ApplyReceipt;
  readonly logger: Logger;
  /** Instead of Baileys'. */
  readonly openSocket?: OpenSocket | undefined;
}

/**
 * This worker's lines to WhatsApp Web, for projects that have paired a phone. Each belongs to one worker at a time; it is made
 * at its first message, or when somebody asks to pair. Throws a StartupError when the package for it is not installed.
 */
export async function startWhatsAppWeb(parts: WhatsAppWebParts, disposer: Disposer): Promise<WhatsAppWeb> {
  const { redis, clock, sealer, applyReceipt, logger } = parts;
  const pairings = createPairings(redis);
  const untold = (what: string) => (error: unknown) => logger.warn({ err: error }, what);
  const web = createWhatsAppWeb({
    openSocket: parts.openSocket ?? (await loadBaileysSocket()),
    lease: createSocketLease({ redis }),
    sessionOf: createSessions({ redis, sealer }),
    onQr: (reference, qr) => void pairings.show(reference, qr).catch(untold('a QR code could not be shown')),
    onReceipt: (receipt) => void apply(receipt).catch(untold('a receipt of WhatsApp Web was not applied')),
    onState(reference, state, reason) {
      void pairings.tell(reference, state, reason).catch(untold('the state of a pairing could not be shown'));
      const line = { account: reference, state, ...(reason === undefined ? {} : { reason }) };
      if (state === 'stopped') logger.error(line, 'WhatsApp Web has said no: pair the account anew');
      else logger.info(line, 'WhatsApp Web');
    },
  });

  /** The circuit of a project's account on its only channel has the provider's id. */
  async function apply({ of, ...receipt }: ReadReceipt): Promise<void> {
    const { circuit: id, mode } = receipt;
    if ('attemptId' in of)
      await applyReceipt({ name: 'baileys', id, mode, channel: 'whatsapp' }, of.attemptId, receipt);
  }

  /** One at a time, and awaited at the end: a line that was made after the lines were closed would stay. */
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= attendPairings(pairings, web, clock.now())
      .catch(untold('who wants to pair, and whose pairing ends, is not known'))
      .finally(() => {
        looking = undefined;
      });
  }, LOOK_EVERY_MS);
  disposer.add(async () => {
    clearInterval(timer);
    await looking;
    await web.close();
  });
  return web;
}
