import type { ShownPairing } from '@watchword/contracts';
import { accountReference, type Pairing } from '@watchword/delivery';
import { AppError, type HopContext } from '@watchword/platform';
import type { ProviderDocument } from '@watchword/records';
import { timeOf } from '../domain/answers.ts';
import { requireReach } from '../domain/grants.ts';
import { WEB_OFF } from '../domain/whatsapp-web-off.ts';
import type { Pairings } from '../ports.ts';
import type { ChangeResourceDeps } from './change-resource.ts';

export interface PairingsDeps extends ChangeResourceDeps {
  readonly pairings: Pairings;
  readonly isWhatsAppWebOn: boolean;
  /** Throws `not_found`. */
  readonly readProvider: (context: HopContext, id: string) => Promise<ProviderDocument>;
}

interface Pairable {
  readonly id: string;
  readonly reference: string;
  readonly pairing: Pairing;
}

type Paired = Pick<ProviderDocument, 'kind' | 'project' | 'id'>;

/** Ends the pairing of a provider that is about to be deleted, if it is of a kind that has one. */
export const createEndPairing =
  (pairings: Pick<Pairings, 'end'>, now: () => number) =>
  async (provider: Paired): Promise<void> => {
    if (provider.kind === 'baileys') await pairings.end(accountReference(provider), now());
  };

/** Pairing a provider with a phone. The worker that has the provider's line does it; here it is asked for, and looked at. */
export function createPairingUseCases(deps: PairingsDeps) {
  const { pairings, isWhatsAppWebOn, readProvider, carryOutChange, takeTurns, now } = deps;

  /** Throws `not_found`, `insufficient_scope`, `not_pairable`. */
  async function requirePairable(id: string, context: HopContext): Promise<Pairable> {
    const known = await readProvider(context, id);
    const { kind, mode } = known;
    if (kind !== 'baileys') {
      throw notPairable(`It is of kind ${kind}: only one of kind baileys is paired with a phone.`);
    }
    requireReach(mode, context);
    if (mode === 'test') throw notPairable('It is a test provider, which reaches no phone.');
    const reference = accountReference(known);
    return { id, reference, pairing: await pairings.read(reference, now()) };
  }

  /** The audit says what was asked for, and what was there before. A QR code is not in it. */
  async function carryOut(
    verb: 'pair' | 'unpair',
    { id, pairing }: Pairable,
    context: HopContext,
    write: () => Promise<void>,
  ): Promise<void> {
    const after = verb === 'pair' ? 'connecting' : 'unpaired';
    await carryOutChange<true>(
      {
        project: context.project,
        // No copy says anything of it.
        concerned: async () => [],
        entry: {
          action: `provider.${verb}`,
          resource: 'provider',
          resourceId: id,
          before: { pairing: pairing.state },
          after: { pairing: after },
        },
        write: async () => {
          await write();
          return true;
        },
      },
      context,
    );
  }

  return {
    /** Throws `already_exists` while a phone is paired and WhatsApp has not refused it. */
    pairProvider: (id: string, context: HopContext): Promise<ShownPairing> =>
      takeTurns(context.project, async () => {
        const found = await requirePairable(id, context);
        if (!isWhatsAppWebOn) throw notPairable(WEB_OFF);
        if (found.pairing.state === 'paired') {
          throw new AppError('already_exists', {
            detail: `It is paired with a phone. DELETE /v1/providers/${id}/pairing first: that ends the session.`,
          });
        }
        await carryOut('pair', found, context, () => pairings.ask(found.reference, now()));
        return toPairing(await pairings.read(found.reference, now()));
      }),

    readPairing: async (id: string, context: HopContext): Promise<ShownPairing> =>
      toPairing((await requirePairable(id, context)).pairing),

    unpairProvider: (id: string, context: HopContext): Promise<undefined> =>
      takeTurns(context.project, async () => {
        const found = await requirePairable(id, context);
        await carryOut('unpair', found, context, () => pairings.end(found.reference, now()));
        return undefined;
      }),
  };
}

const notPairable = (detail: string) => new AppError('not_pairable', { detail });

const toPairing = ({ state, qr, reason }: Pairing): ShownPairing => ({
  state,
  ...(qr && { qr: qr.text, expires_at: timeOf(qr.endsAt) }),
  ...(reason !== undefined && { reason }),
});
