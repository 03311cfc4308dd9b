import { createHash, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Problem } from '@watchword/contracts';
import {
  createDisposer,
  createLogger,
  type Environment,
  mintApiKey,
  parseEnvironment,
  type RunningService,
} from '@watchword/platform';
import { request } from 'undici';
import { type ComposeGatewayOptions, composeGateway, gatewayVariables } from '../src/index.ts';
import { type OtpStandIn, startOtpStandIn } from './otp-stand-in.fixture.ts';

/** The same for all suites on one Redis, which remembers the keys it was first used with. */
const testKey = (name: string) => createHash('sha256').update(`watchword test ${name}`).digest('base64url');

export interface Answer<T> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: T;
  readonly text: string;
  readonly ms: number;
}

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Instead of the root key. */
  readonly apiKey?: string;
  /** Sent as it is when it is text, else as JSON. */
  readonly body?: unknown;
  readonly headers?: Record<string, string | string[]>;
  readonly idempotencyKey?: string;
}

export interface TestGateway {
  readonly service: RunningService;
  readonly otp: OtpStandIn;
  readonly console: OtpStandIn;
  readonly project: string;
  readonly apiKey: string;
  call<T = Problem>(path: string, options?: CallOptions): Promise<Answer<T>>;
  close(): Promise<void>;
}

export interface TestGatewayOptions extends ComposeGatewayOptions {
  readonly redisUrl: string;
  readonly environment?: Environment;
}

export const OPEN = { to: '+14155550123' };

/** A gateway of a project of its own, in front of stand-ins for otp and the console. */
export async function startGateway({ redisUrl, environment, ...options }: TestGatewayOptions): Promise<TestGateway> {
  const disposer = createDisposer();
  const apiKey = environment?.API_KEY ?? mintApiKey('test');
  const config = parseEnvironment(gatewayVariables, {
    REDIS_URL: redisUrl,
    GATEWAY_PORT: '0',
    LOG_LEVEL: 'silent',
    HOP_KEY: testKey('HOP_KEY'),
    API_KEY: apiKey,
    ...environment,
  });
  const otp = await startOtpStandIn(config.HOP_KEY);
  disposer.add(() => otp.close());
  const console = await startOtpStandIn(config.HOP_KEY);
  disposer.add(() => console.close());
  const project = `p${randomUUID()}`;
  try {
    const service = await composeGateway(
      { ...config, OTP_URL: environment?.OTP_URL ?? otp.url, CONSOLE_URL: environment?.CONSOLE_URL ?? console.url },
      { project, logger: createLogger({ service: 'gateway', level: 'silent' }), ...options },
    );
    disposer.add(() => service.close());
    const call = createCall(service.url ?? '', apiKey);
    return { service, otp, console, project, apiKey, call, close: disposer.dispose };
  } catch (error) {
    await disposer.dispose();
    throw error;
  }
}

function createCall(url: string, rootKey: string) {
  return async function call<T = Problem>(path: string, options: CallOptions = {}): Promise<Answer<T>> {
    const { body, headers, idempotencyKey, apiKey = rootKey, method = 'POST' } = options;
    const startedAtMs = performance.now();
    const response = await request(url + path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.body.text();
    const isJson = String(response.headers['content-type']).includes('json');
    return {
      status: response.statusCode,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : null) as T,
      text,
      ms: performance.now() - startedAtMs,
    };
  };
}
