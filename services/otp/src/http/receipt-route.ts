import { receiptCallSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { RECEIPT_RESULTS } from '@watchword/verifications';
import { z } from 'zod';
import type { ApplyReceipt } from '../usecases/apply-receipt.ts';

/** A public body of 16 KiB, in base64, and its query. */
const BODY_MAX_BYTES = 64 * 1024;

/** The hop's route for receipts: a provider's call in an envelope, so that the hop's signature covers all of it. */
export function registerReceiptRoute(app: HttpApp, applyReceipt: ApplyReceipt): void {
  const schema = {
    params: z.object({ provider: z.string(), attempt: z.string() }),
    body: receiptCallSchema,
    response: { 200: z.object({ result: z.enum(RECEIPT_RESULTS) }) },
  };
  app.post('/receipts/:provider/:attempt', { schema, bodyLimit: BODY_MAX_BYTES }, async ({ params, body }) => ({
    result: await applyReceipt(params.provider, params.attempt, body),
  }));
}
