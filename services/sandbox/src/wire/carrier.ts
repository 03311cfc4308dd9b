import type { Channel } from '@watchword/contracts';
import type { FaultMode } from '../domain/faults.ts';
import type { Provider, ProviderCode } from '../domain/provider.ts';
import type { ReceiptStep, ReceiptWord } from '../domain/receipts.ts';

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
  readonly query: Readonly<Record<string, unknown>>;
}

/** A call that the provider would take: what arrives, and how it answers for it. */
export interface TakenCall {
  readonly taken: true;
  readonly id: string;
  /** As `normaliseDestination` writes it. */
  readonly to: string;
  readonly text: string;
  /** The title of a push message. */
  readonly subject?: string | undefined;
  readonly code: string | null;
  /** How many SMS the text takes. */
  readonly segments?: number;
  answer(at: number): WireAnswer;
  /** Absent when nobody is to be told of it. */
  readonly callback?: Callback | undefined;
}

/** Where receipts of one message go, and how the provider writes them. */
export interface Callback {
  readonly url: string;
  /** The steps that the provider tells of. */
  readonly tells: readonly ReceiptWord[];
  write(step: ReceiptStep): readonly WireReceipt[];
}

export interface WireReceipt {
  /** What it says, in the provider's word. */
  readonly status: string;
  /** Instead of the callback's, when it is the URL that vouches for who calls. */
  readonly url?: string | undefined;
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
  channelOf(call: CarrierCall): Channel;
  read(call: CarrierCall): TakenCall | RefusedCall;
  refuse(mode: RefusingMode, call: CarrierCall, code: ProviderCode | undefined): WireAnswer;
}

export const refusedWith = (answer: WireAnswer): RefusedCall => ({ taken: false, answer });

/** A secret that is not the account's, for a receipt that nobody may believe. */
export const signingSecret = (secret: string, { isForged }: ReceiptStep) => (isForged ? `not ${secret}` : secret);
