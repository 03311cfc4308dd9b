import { ROOT_PROJECT } from '@watchword/contracts';
import {
  type Clock,
  createConfigCache,
  createConfigCopies,
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
import { createAccess } from './access/access.ts';
import { createLastUsed } from './access/last-used.ts';
import { createAddressLimit } from './admission/address-limit.ts';
import { createAdmission } from './admission/admission.ts';
import { createKeyedHash } from './admission/keyed-hash.ts';
import { buildApp } from './app.ts';
import type { GatewayConfig } from './config.ts';
import { createHop } from './hop/hop.ts';
import type { SendLimits } from './ports.ts';
import { createProbeOtp } from './usecases/probe-otp.ts';
import { createReadJwks } from './usecases/read-jwks.ts';
import { createRelayCall } from './usecases/relay-call.ts';
import { createRelayReceipt } from './usecases/relay-receipt.ts';

const CALLS_IN_FLIGHT_MAX = 2_000;
/** Some thousand a second, when otp takes its usual milliseconds. */
const RECEIPTS_IN_FLIGHT_MAX = 100;
/** The console's calls are slower, and must not use up what the others have. */
const MANAGED_IN_FLIGHT_MAX = 200;
const MANAGED_TIMEOUT_MS = 5_000;

export interface ComposeGatewayOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** The project that the root key belongs to. */
  readonly project?: string;
  readonly callsInFlightMax?: number;
  readonly managedInFlightMax?: number;
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
  const project = options.project ?? ROOT_PROJECT;

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

  const lastUsed = createLastUsed({ redis, clock, logger });
  disposer.add(() => lastUsed.close());
  const hop = createHop({ name: 'otp', url: config.OTP_URL, hopKey });
  disposer.add(() => hop.close());
  const consoleHop = createHop({ name: 'console', url: config.CONSOLE_URL, hopKey });
  disposer.add(() => consoleHop.close());
  const copies = createConfigCopies(redis);
  const access = createAccess({
    copies,
    cache: createConfigCache({ copies, part: 'access' }),
    clock,
    rootKey: config.API_KEY,
    rootProject: project,
    defaults: defaultLimits(config),
  });
  const hash = createKeyedHash(hopKey);
  const relaying = { access, admission: createAdmission({ redis, clock, hash }), lastUsed, clock };
  const { callsInFlightMax = CALLS_IN_FLIGHT_MAX, receiptsInFlightMax = RECEIPTS_IN_FLIGHT_MAX } = options;
  const app = await buildApp({
    logger,
    registry,
    access,
    limitAddress: createAddressLimit({ redis, clock, hash, callsMax: config.MANAGEMENT_CALLS_PER_15_MIN }),
    relayCall: createRelayCall({ ...relaying, hop, requestTimeoutMs, callsInFlightMax }),
    relayManaged: createRelayCall({
      ...relaying,
      hop: consoleHop,
      requestTimeoutMs: MANAGED_TIMEOUT_MS,
      callsInFlightMax: options.managedInFlightMax ?? MANAGED_IN_FLIGHT_MAX,
    }),
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

function defaultLimits(config: GatewayConfig): SendLimits {
  return {
    projectSendsPerHour: config.PROJECT_SENDS_PER_HOUR,
    userSendsPerMinute: config.USER_SENDS_PER_MINUTE,
    ipSendsPerHour: config.IP_SENDS_PER_HOUR,
    monthlySends: null,
  };
}
