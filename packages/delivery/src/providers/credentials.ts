import { z } from 'zod';

/** `http(s)://host[:port]` of a provider's API, or of the sandbox that stands in for it. */
export const baseUrlVariable = () =>
  z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).transform((url) => url.replace(/\/+$/, ''));

/** What the worker asks for receipts with, and otp checks their signatures against. */
export const receiptVariables = {
  RECEIPTS_URL: baseUrlVariable()
    .optional()
    .describe('Public base URL of the gateway, as providers reach it; without it live providers send no receipts'),
};
