import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { RECEIPT_REFERENCE_PATTERN, type ReceiptProvider } from '@watchword/contracts';
import { AppError, bodyTooLarge } from '@watchword/platform';

/** Enough for what any provider tells of one message. */
const BODY_BYTES_MAX = 64 * 1024;
/**
 * Meta tells of up to 1,000 messages in one call, which may have 3 MB, and repeats for 7 days one that was refused. As of
 * 2026-11-21: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks and
 * https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
 */
const META_BODY_BYTES_MAX = 3 * 1024 * 1024;
const META_SIGNATURE = /^sha256=[0-9a-f]{64}$/;

/** On its way to otp such a body is there up to eight times, as bytes and as text: so many may take some 50 MB. */
const LARGE_BODIES_MAX = 2;

/** Meta's calls name an account and are signed: what has not even the shape of that gets what the others get. */
export function bodyBytesMaxOf(
  provider: ReceiptProvider,
  reference: string,
  { 'x-hub-signature-256': signature }: IncomingHttpHeaders,
): number {
  const namesAccount = RECEIPT_REFERENCE_PATTERN.exec(reference)?.[2] !== undefined;
  const isMetas = provider === 'whatsapp_cloud' && namesAccount && META_SIGNATURE.test(String(signature));
  return isMetas ? META_BODY_BYTES_MAX : BODY_BYTES_MAX;
}

/**
 * Reads a receipt's body for `use`. Anyone can send one, and only otp can tell whether it is genuine: so of those that are larger
 * than most there are few at once, from the byte on that makes them so until `use` has ended; the next is 503, and comes again.
 * Rejects with an AppError, also for one that ends early.
 */
export function createReceiptBodies() {
  let largeBodies = 0;
  return async function withReceiptBody<T>(
    request: IncomingMessage,
    bytesMax: number,
    use: (body: Buffer) => Promise<T>,
  ): Promise<T> {
    let isLarge = false;
    const takePlace = () => {
      if (largeBodies >= LARGE_BODIES_MAX) throw tooManyLarge();
      largeBodies += 1;
      isLarge = true;
    };
    try {
      return await use(await readBody(request, bytesMax, takePlace));
    } finally {
      if (isLarge) largeBodies -= 1;
    }
  };
}

/** Fastify leaves what is not parsed as a whole to whoever reads it, and its bounds, too. */
async function readBody(request: IncomingMessage, bytesMax: number, beforeLarge: () => void): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw bodyTooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(request)) {
    const wasLarge = bytes > BODY_BYTES_MAX;
    bytes += chunk.length;
    if (bytes > bytesMax) throw bodyTooLarge(bytesMax);
    if (!wasLarge && bytes > BODY_BYTES_MAX) beforeLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer, void> {
  try {
    // Destroyed, it could not be answered any more.
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new AppError('invalid_request', { detail: 'The body ended early.', cause });
  }
}

const tooManyLarge = () =>
  new AppError('unavailable', {
    detail: 'Other receipts of this size are being taken. Send it again later: it is safe.',
    retryAfterSeconds: 1,
  });
