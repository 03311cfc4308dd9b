import { createLogger, createRegistry } from '@watchword/platform';
import { buildApp } from './app.ts';

const DESCRIBES_ONLY = 'this app only describes itself';

/** The OpenAPI 3.1 document as `/openapi.json` serves it, without a Redis or an otp service. */
export async function buildOpenApi(): Promise<Record<string, unknown>> {
  const app = await buildApp({
    logger: createLogger({ service: 'gateway', level: 'silent' }),
    registry: createRegistry('gateway'),
    access: { authenticate: () => Promise.reject(new Error(DESCRIBES_ONLY)) },
    limitAddress: async () => 0,
    relayCall: async () => ({ outcome: 'unavailable', reason: DESCRIBES_ONLY, isSent: false, limits: [] }),
    relayManaged: async () => ({ outcome: 'unavailable', reason: DESCRIBES_ONLY, isSent: false, limits: [] }),
    relayReceipt: async () => ({ outcome: 'unanswered', reason: DESCRIBES_ONLY, isSent: false }),
    readJwks: async () => null,
  });
  try {
    await app.ready();
    return { ...app.swagger() };
  } finally {
    await app.close();
  }
}
