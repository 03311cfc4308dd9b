import {
  type Clock,
  createLogger,
  createRegistry,
  type Disposer,
  type Logger,
  listen,
  openRedis,
  type RunningService,
  startAdminServer,
  withDisposer,
} from '@watchword/platform';
import { createAdmission } from './admission/admission.ts';
import { buildApp } from './app.ts';
import type { GatewayConfig } from './config.ts';
import { createOtpHop } from './hop/otp-hop.ts';
import { createAuthenticate } from './http/authenticate.ts';
import { createProbeOtp } from './usecases/probe-otp.ts';
import { createReadJwks } from './usecases/read-jwks.ts';
import { createRelayCall } from './usecases/relay-call.ts';
import { createRelayReceipt } from './usecases/relay-receipt.ts';

const CALLS_IN_FLIGHT_MAX = 2_000;
/** Some thousand a second, when otp takes its usual milliseconds. */
const RECEIPTS_IN_FLIGHT_MAX = 100;
const PROJECT = 'default';

export interface ComposeGatewayOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** The project that the one API key belongs to. */
  readonly project?: string;
  readonly callsInFlightMax?: number;
  readonly receiptsInFlightMax?: number;
}

/** Connects and constructs the gateway, and listens. Throws a StartupError when the operator has something to mend. */
export function composeGateway(config: GatewayConfig, options: ComposeGatewayOptions = {}): Promise<RunningService> {
  return withDisposer((disposer) => compose(config, options, disposer));
}

async function compose(
  config: GatewayConfig,
  options: ComposeGatewayOptions,
  disposer: Disposer,
): Promise<RunningService> {
  const { LISTEN_HOST: host, REQUEST_TIMEOUT_MS: requestTimeoutMs, HOP_KEY: hopKey } = config;
  const logger = options.logger ?? createLogger({ service: 'gateway', level: config.LOG_LEVEL });
  const registry = createRegistry('gateway');
  const project = options.project ?? PROJECT;

  const { redis, clock } = await openRedis(
    {
      url: config.REDIS_URL,
      name: 'gateway',
      profile: 'request',
      logger,
      commandTimeoutMs: requestTimeoutMs,
      keys: { HOP_KEY: hopKey },
      clock: options.clock,
    },
    disposer,
  );

  const hop = createOtpHop({ url: config.OTP_URL, hopKey });
  disposer.add(() => hop.close());
  const admission = createAdmission({ redis, clock, hopKey, sendsPerHour: config.PROJECT_SENDS_PER_HOUR });
  const { callsInFlightMax = CALLS_IN_FLIGHT_MAX, receiptsInFlightMax = RECEIPTS_IN_FLIGHT_MAX } = options;
  const app = await buildApp({
    logger,
    registry,
    authenticate: createAuthenticate(config.API_KEY, project),
    relayCall: createRelayCall({ admission, hop, clock, requestTimeoutMs, callsInFlightMax }),
    relayReceipt: createRelayReceipt({ hop, clock, requestTimeoutMs, receiptsInFlightMax }),
    readJwks: createReadJwks({ hop, clock, requestTimeoutMs }),
  });
  disposer.add(() => app.close(), 'requests that are being answered');

  const probeOtp = createProbeOtp({ hop, clock, requestTimeoutMs, project });
  const admin = await startAdminServer(
    {
      host,
      port: config.ADMIN_PORT,
      registry,
      isReady: async () => {
        await redis.ping();
        await probeOtp();
      },
    },
    disposer,
  );
  const url = await listen(app, { host, port: config.GATEWAY_PORT, variable: 'GATEWAY_PORT' });
  return {
    name: 'gateway',
    url,
    adminUrl: admin.url,
    close: disposer.dispose,
    stopGraceSeconds: config.STOP_GRACE_SECONDS,
    pending: disposer.pending,
  };
}
