import { z } from 'zod';

/** A queued delivery: ids only, so that a job never holds a code or a destination. */
export const deliveryJobSchema = z.strictObject({
  delivery: z.string().describe('`del_…`'),
  requestId: z.string().optional().describe('The call that asked for it'),
});
export type DeliveryJob = z.infer<typeof deliveryJobSchema>;
