import type { FastifyRequest } from 'fastify';
import type { RawRequest } from '../domain/message.ts';
import { wireBodyOf } from './wire-bodies.ts';

const MASK = '••••';
/** Of the connection, not of the call. */
const DULL = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding']);
const SECRET_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key']);
/** Credentials that may stand in a body or a query, as a field of a form or of JSON. */
const SECRET_NAMES = '(?:api_secret|api_key|assertion|client_secret|access_token)';
const SECRET_FIELD = new RegExp(`\\b(${SECRET_NAMES}=)[^&\\s]*`, 'g');
const SECRET_MEMBER = new RegExp(`("${SECRET_NAMES}"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*"|[^\\s,}\\]]+)`, 'g');

/** A call as it arrived, without what it proves itself with. */
export function toRawRequest({ method, url, headers, body }: FastifyRequest): RawRequest {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || DULL.has(name)) continue;
    shown[name] = SECRET_HEADERS.has(name) ? maskCredentials(String(value)) : String(value);
  }
  return { line: `${method} ${maskFields(url)}`, headers: shown, body: maskFields(wireBodyOf(body).text) };
}

const maskFields = (text: string) => text.replace(SECRET_FIELD, `$1${MASK}`).replace(SECRET_MEMBER, `$1"${MASK}"`);

/** The scheme stays: how a caller proved itself is worth seeing. */
export function maskCredentials(header: string): string {
  const [, scheme] = /^(Basic|Bearer)\s/i.exec(header) ?? [];
  return scheme === undefined ? MASK : `${scheme} ${MASK}`;
}
