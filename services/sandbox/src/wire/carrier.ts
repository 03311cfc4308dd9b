import type { FaultMode } from '../domain/faults.ts';
import type { Provider } from '../domain/provider.ts';
import type { ReceiptStep } from '../domain/receipts.ts';

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
  /** Absent when the send asked for no receipts. */
  readonly callback?: Callback;
}

/** Where receipts of one message go, and how the provider writes them. */
export interface Callback {
  readonly url: string;
  write(step: ReceiptStep): WireReceipt;
}

export interface WireReceipt {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RefusedCall {
  readonly taken: false;
  readonly answer: WireAnswer;
}

/** One simulated provider: reads its own wire and refuses in its own words. */
export interface Carrier {
  readonly provider: Provider;
  /** Whether its receipts tell that a carrier took the message, too. */
  readonly tellsSent: boolean;
  read(call: CarrierCall): TakenCall | RefusedCall;
  refuse(mode: RefusingMode, call: CarrierCall, code: number | undefined): WireAnswer;
}

/** A field as text; a missing, empty, repeated or structured one is undefined. */
export function textField(fields: CarrierCall['fields'], name: string): string | undefined {
  const value = fields[name];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** User and password of Basic authentication (RFC 7617); any will do. Undefined unless both are there. */
export function basicCredentials(authorization: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  const [, user, password] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}
