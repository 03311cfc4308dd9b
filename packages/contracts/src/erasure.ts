import { z } from 'zod';
import { destinationSchema } from './verification.ts';

/** What an entry in a shard's stream is that asks the records to forget a destination; it is no event of a verification. */
export const DESTINATION_ERASED = 'destination.erased';
export const ERASURE_PREFIX = 'ers_';

export const eraseDestinationSchema = z.strictObject({ to: destinationSchema }).meta({ id: 'EraseDestination' });

/** Answered (202) when Redis has forgotten the destination; the records follow behind what they have still to record. */
export const erasureSchema = z
  .object({
    id: z.string().describe('`ers_…`, which the audit log names when the records have followed'),
    status: z.literal('accepted'),
  })
  .meta({ id: 'Erasure' });

export type EraseDestination = z.infer<typeof eraseDestinationSchema>;
export type ErasureAccepted = z.infer<typeof erasureSchema>;
