import type { FaultMode } from '../domain/faults.ts';
import type { Provider } from '../domain/provider.ts';

/** One answer in a provider's own words; without a body it is empty. */
export interface WireAnswer {
  readonly status: number;
  readonly body?: object;
}

export type RefusingMode = Extract<FaultMode, 'down' | 'throttle' | 'auth' | 'reject'>;

export interface CarrierCall {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** Fields of the form or the JSON body. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string>>;
}

/** A call that the provider would take: what arrives, and how it answers for it. */
export interface TakenCall {
  readonly taken: true;
  readonly id: string;
  readonly to: string;
  readonly text: string;
  answer(at: number): WireAnswer;
}

export interface RefusedCall {
  readonly taken: false;
  readonly answer: WireAnswer;
}

/** One simulated provider: reads its own wire and refuses in its own words. */
export interface Carrier {
  readonly provider: Provider;
  read(call: CarrierCall): TakenCall | RefusedCall;
  refuse(mode: RefusingMode, call: CarrierCall, code: number | undefined): WireAnswer;
}

/** A field as text; a missing, empty, repeated or structured one is undefined. */
export function textField(fields: CarrierCall['fields'], name: string): string | undefined {
  const value = fields[name];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether a user and a password were given by Basic authentication (RFC 7617); any will do. */
export function hasBasicCredentials(authorization: string | undefined): boolean {
  const encoded = /^Basic\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  return encoded !== undefined && /^[^:]+:.+$/s.test(Buffer.from(encoded, 'base64').toString());
}
