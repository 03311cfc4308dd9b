import { urlOf } from '@watchword/platform';
import { freePort } from '@watchword/platform/redis-server';

interface ReceiptsConfig {
  readonly LISTEN_HOST: string;
  readonly GATEWAY_PORT: number;
  readonly RECEIPTS_URL?: string | undefined;
}

/**
 * Tells where receipts go: to the gateway of this process, unless something else is set. The worker and otp start before it,
 * so a port that was left open is chosen here.
 */
export async function withReceiptsUrl<T extends ReceiptsConfig>(config: T): Promise<T> {
  const GATEWAY_PORT = config.GATEWAY_PORT === 0 ? ((await freePort()) ?? 0) : config.GATEWAY_PORT;
  return { ...config, GATEWAY_PORT, RECEIPTS_URL: config.RECEIPTS_URL ?? urlOf(config.LISTEN_HOST, GATEWAY_PORT) };
}
