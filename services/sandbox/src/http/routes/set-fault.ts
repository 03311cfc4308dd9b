import { CHANNELS } from '@watchword/contracts';
import { AppError, type HttpApp } from '@watchword/platform';
import { z } from 'zod';
import { FAULT_MODES, type Faults } from '../../domain/faults.ts';
import { isProvider, PROVIDER_TRAITS, PROVIDERS, type Provider } from '../../domain/provider.ts';
import { RECEIPT_MODES, type ReceiptScript } from '../../domain/receipts.ts';
import { presentFault } from '../present-faults.ts';

const COUNT_MAX = 1_000_000;
const DELAY_MAX_MS = 600_000;
const CODE_MAX = 999_999;

const code = z.union(
  [
    z.int().min(0).max(CODE_MAX),
    z
      .string()
      .regex(/^\d{1,6}$/)
      .transform(Number),
    z.string().regex(/^[A-Z][A-Z_]{2,39}$/),
  ],
  { error: `must be a number from 0 to ${CODE_MAX}, or an error code of capitals and _` },
);
const delay = z.int().min(0).max(DELAY_MAX_MS);

const receiptBody = z
  .strictObject({ mode: z.enum(RECEIPT_MODES), code: code.optional(), delay_ms: delay.optional() })
  .transform(
    (body): ReceiptScript => ({
      mode: body.mode,
      ...(body.code === undefined ? {} : { code: body.code }),
      ...(body.delay_ms === undefined ? {} : { delayMs: body.delay_ms }),
    }),
  );

const setFaultBody = z.strictObject({
  mode: z.enum(FAULT_MODES),
  channel: z.enum(CHANNELS).optional(),
  count: z.int().min(1).max(COUNT_MAX).optional(),
  delay_ms: delay.default(0),
  code: code.optional(),
  receipt: receiptBody.optional(),
});
type FaultBody = z.infer<typeof setFaultBody>;

/** Sets how a provider behaves from its next call on: for `count` calls, or until changed. */
export function setFaultRoute(app: HttpApp, { faults }: { readonly faults: Faults }): void {
  app.put(
    '/api/faults/:provider',
    { schema: { params: z.object({ provider: z.string() }), body: setFaultBody } },
    async (request) => {
      const { provider } = request.params;
      if (!isProvider(provider)) {
        throw new AppError('not_found', { detail: `The simulated providers are ${PROVIDERS.join(', ')}.` });
      }
      refuseMisfit(provider, request.body);
      const { mode, channel, count, delay_ms: delayMs, code: errorCode, receipt } = request.body;
      faults.set(provider, {
        mode,
        delayMs,
        ...(channel === undefined ? {} : { channel }),
        ...(count === undefined ? {} : { count }),
        ...(errorCode === undefined ? {} : { code: errorCode }),
        ...(receipt === undefined ? {} : { receipt }),
      });
      return presentFault(faults.current(provider));
    },
  );
}

/** What the provider does not have would never show. */
function refuseMisfit(provider: Provider, body: FaultBody): void {
  const { channels, givesReceipts, codes } = PROVIDER_TRAITS[provider];
  if (body.channel !== undefined && !channels.includes(body.channel)) {
    throw misfit('/channel', `${provider} carries ${channels.join(' and ')}`);
  }
  if (body.receipt !== undefined && !givesReceipts) throw misfit('/receipt', `${provider} gives no receipts`);
  if (body.code !== undefined && !codes.pattern.test(String(body.code))) {
    throw misfit('/code', `must be ${codes.meaning}`);
  }
}

const misfit = (pointer: string, detail: string) =>
  new AppError('invalid_request', { detail: `${pointer}: ${detail}`, errors: [{ pointer, detail }] });
