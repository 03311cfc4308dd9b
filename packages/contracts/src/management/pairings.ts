import { z } from 'zod';
import type { ManagedCall } from '../managed-call.ts';
import { emptyBodySchema, idParamsSchema, nothingSchema, timestampSchema } from './paging.ts';

const PAIRING_STATES = ['unpaired', 'connecting', 'pairing', 'paired', 'stopped'] as const;
export type PairingState = (typeof PAIRING_STATES)[number];

export const pairingSchema = z
  .object({
    state: z
      .enum(PAIRING_STATES)
      .describe(
        '`connecting`: a worker is asked to connect, or does; `pairing`: `qr` is to be scanned; `stopped`: paired, but WhatsApp refuses it',
      ),
    qr: z.string().optional().describe('The text of the QR code to be scanned; a new one comes about every 20 seconds'),
    expires_at: timestampSchema.optional().describe('After it `qr` is of no use'),
    reason: z.string().optional().describe('WhatsApp’s code of why its last connection ended, or `session_unusable`'),
  })
  .meta({ id: 'Pairing' });
export type ShownPairing = z.infer<typeof pairingSchema>;

const LIVE_NEEDS_LIVE = 'Needs a `live` key, or scope `platform`.';
/** Whoever sees the code can make a phone of theirs the sender of all messages, so reading takes the right to change. */
const one = {
  tag: 'Providers',
  scope: 'config:write',
  path: '/v1/providers/:id/pairing',
  params: idParamsSchema,
} as const;

export const PAIRING_CALLS = [
  {
    ...one,
    operationId: 'pairProvider',
    summary: 'Ask for a provider of kind `baileys` to be paired with a phone',
    description: `A worker connects it within seconds, and shows a QR code if it has no session. ${LIVE_NEEDS_LIVE}`,
    method: 'POST',
    body: emptyBodySchema,
    status: 202,
    answer: pairingSchema,
    errors: ['not_found', 'not_pairable', 'already_exists'],
  },
  {
    ...one,
    operationId: 'readPairing',
    summary: 'Read where a pairing stands, and the QR code to be scanned',
    description: `With \`Accept: image/svg+xml\` it is the QR code as a picture, 404 while there is none. ${LIVE_NEEDS_LIVE}`,
    method: 'GET',
    status: 200,
    answer: pairingSchema,
    hasPicture: true,
    errors: ['not_found', 'not_pairable'],
  },
  {
    ...one,
    operationId: 'unpairProvider',
    summary: 'End a pairing and forget its session',
    description: `A worker that is connected logs out, too, within seconds. ${LIVE_NEEDS_LIVE}`,
    method: 'DELETE',
    status: 204,
    answer: nothingSchema,
    errors: ['not_found', 'not_pairable'],
  },
] as const satisfies readonly ManagedCall[];
