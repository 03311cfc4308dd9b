import { PAIRING_CALLS, type ShownPairing } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import { renderSVG } from 'uqr';
import type { createPairingUseCases } from '../usecases/pairings.ts';
import { bindCalls } from './bind-calls.ts';

export function pairingRoutes(useCases: ReturnType<typeof createPairingUseCases>) {
  return bindCalls(
    PAIRING_CALLS,
    {
      pairProvider: ({ params, context }) => useCases.pairProvider(params.id, context),
      readPairing: ({ params, context }) => useCases.readPairing(params.id, context),
      unpairProvider: ({ params, context }) => useCases.unpairProvider(params.id, context),
    },
    { readPairing: toPicture },
  );
}

/** The quiet zone that ISO/IEC 18004 asks for, in modules. */
const BORDER = 4;

function toPicture({ state, qr }: ShownPairing): string {
  if (qr === undefined) {
    throw new AppError('not_found', { detail: `There is no QR code to be scanned now: its state is ${state}.` });
  }
  return renderSVG(qr, { border: BORDER });
}
