import { createLogger, parseEnvironment, type RunningService } from '@watchword/platform';
import { z } from 'zod';
import { composeSandbox } from '../src/compose.ts';
import { sandboxVariables } from '../src/config.ts';
import type { InboxMessage } from '../src/domain/inbox.ts';

const inboxMessages: z.ZodType<InboxMessage[]> = z.array(
  z.strictObject({
    id: z.string(),
    channel: z.literal('sms'),
    provider: z.enum(['twilio', 'vonage']),
    to: z.string(),
    text: z.string(),
    code: z.string().nullable(),
    at: z.iso.datetime(),
  }),
);

export interface RunningSandbox {
  readonly service: RunningService;
  readonly url: string;
  /** Every log line so far. */
  readonly log: string[];
  readonly call: (method: string, path: string, body?: unknown) => Promise<Response>;
  readonly setFault: (provider: string, fault: object) => Promise<void>;
  readonly messages: (query?: string) => Promise<InboxMessage[]>;
}

/** The real service on free ports. */
export async function startSandbox(environment: Record<string, string> = {}): Promise<RunningSandbox> {
  const config: z.infer<typeof sandboxVariables> = parseEnvironment(sandboxVariables, {
    SANDBOX_PORT: '0',
    ...environment,
  });
  const log: string[] = [];
  const destination = { write: (line: string) => void log.push(line) };
  const service = await composeSandbox(config, {
    logger: createLogger({ service: 'sandbox', level: 'trace', destination }),
  });
  const url = service.url ?? '';

  function call(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  }

  return {
    service,
    url,
    log,
    call,
    async setFault(provider, fault) {
      const response = await call('PUT', `/api/faults/${provider}`, fault);
      if (!response.ok) throw new Error(`the fault was refused: ${await response.text()}`);
    },
    async messages(query = '') {
      const response = await call('GET', `/api/messages${query}`);
      return inboxMessages.parse(await response.json());
    },
  };
}

export const TO = '+14155550123';
export const TEXT = 'Your login OTP is 123456. Do not share it with anyone.';
export const ACCOUNT = `AC${'0'.repeat(32)}`;
const BASIC = `Basic ${Buffer.from('anyone:anything').toString('base64')}`;

export function postTwilio(url: string, fields: Record<string, string> = {}, authorization = BASIC): Promise<Response> {
  return fetch(`${url}/2010-04-01/Accounts/${ACCOUNT}/Messages.json`, {
    method: 'POST',
    headers: authorization === '' ? {} : { authorization },
    body: new URLSearchParams({ To: TO, From: '+14155550100', Body: TEXT, ...fields }),
  });
}

export function postVonage(url: string, fields: object = {}, authorization = BASIC): Promise<Response> {
  return fetch(`${url}/sms/json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === '' ? {} : { authorization }) },
    body: JSON.stringify({ to: TO.slice(1), from: 'Watchword', text: TEXT, ...fields }),
  });
}

export const PROVIDER_POSTS = { twilio: postTwilio, vonage: postVonage } as const;
