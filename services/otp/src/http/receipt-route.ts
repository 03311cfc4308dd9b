import { receiptCallSchema } from '@watchword/contracts';
import { hopRoute } from '@watchword/platform';
import { RECEIPT_RESULTS } from '@watchword/verifications';
import { z } from 'zod';
import type { ApplyReceipt } from '../usecases/apply-receipt.ts';

/** The hop's route of receipts: a provider's call in an envelope, so that the hop's signature covers all of it. */
export const receiptRoute = (applyReceipt: ApplyReceipt) =>
  hopRoute({
    method: 'POST',
    path: '/receipts/:provider/:attempt',
    params: z.object({ provider: z.string(), attempt: z.string() }),
    body: receiptCallSchema,
    status: 200,
    answer: z.object({ result: z.enum(RECEIPT_RESULTS) }),
    handle: async ({ params, body }) => ({ result: await applyReceipt(params.provider, params.attempt, body) }),
  });
