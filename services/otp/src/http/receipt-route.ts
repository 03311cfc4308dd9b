import { receiptAnswerSchema, receiptCallSchema } from '@watchword/contracts';
import { hopRoute } from '@watchword/platform';
import { z } from 'zod';
import type { ApplyReceipts } from '../usecases/apply-receipts.ts';

/** The hop's route of receipts: a provider's call in an envelope, so that the hop's signature covers all of it. */
export const receiptRoute = (applyReceipts: ApplyReceipts) =>
  hopRoute({
    method: 'POST',
    path: '/receipts/:provider/:reference',
    params: z.object({ provider: z.string(), reference: z.string() }),
    body: receiptCallSchema,
    status: 200,
    answer: receiptAnswerSchema,
    handle: ({ params, body }) => applyReceipts(params.provider, params.reference, body),
  });
