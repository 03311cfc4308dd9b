import { createLogger, createRegistry } from '@watchword/platform';
import { buildApp } from './app.ts';

/** The OpenAPI 3.1 document as `/openapi.json` serves it, without a Redis or an otp service. */
export async function buildOpenApi(): Promise<Record<string, unknown>> {
  const app = await buildApp({
    logger: createLogger({ service: 'gateway', level: 'silent' }),
    registry: createRegistry('gateway'),
    authenticate: () => null,
    relayCall: async () => ({ outcome: 'unavailable', reason: 'this app only describes itself' }),
    relayReceipt: async () => ({ outcome: 'unanswered', reason: 'this app only describes itself' }),
    readJwks: async () => null,
  });
  try {
    await app.ready();
    return { ...app.swagger() };
  } finally {
    await app.close();
  }
}
