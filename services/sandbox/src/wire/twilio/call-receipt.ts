import type { ReceiptStep, ReceiptWord } from '../../domain/receipts.ts';
import type { WireReceipt } from '../carrier.ts';
import { signCallback } from './sign-callback.ts';

export interface TwilioCallOf {
  readonly url: string;
  readonly token: string;
  readonly account: string;
  readonly id: string;
  readonly to: string;
  readonly from: string;
  /** `StatusCallbackEvent`; only the end is told when none is named. */
  readonly events: readonly string[];
}

const NO_ANSWER = 'no-answer';
/** Seconds, and the minutes that are charged. */
const lengthOf = (status: string) =>
  status === 'completed' ? { CallDuration: '14', Duration: '1' } : { CallDuration: '0', Duration: '0' };

/** The events of a step, each with the `CallStatus` that it tells. */
const STORY: Readonly<Record<ReceiptWord, readonly (readonly [event: string, status: string])[]>> = {
  sent: [
    ['initiated', 'initiated'],
    ['ringing', 'ringing'],
  ],
  delivered: [
    ['answered', 'in-progress'],
    ['completed', 'completed'],
  ],
  undelivered: [['completed', NO_ANSWER]],
  read: [],
};

/** Numbers the callbacks of one call. Source: Twilio's reference of the `Call` resource's status callbacks, as of 2026-11-21. */
export function createCallReceipts(call: TwilioCallOf): (step: ReceiptStep) => WireReceipt[] {
  let sequence = 0;
  const events = call.events.length === 0 ? ['completed'] : call.events;
  return (step) =>
    STORY[step.word]
      .filter(([event]) => events.includes(event))
      .map(([, status]) => writeCallReceipt(call, status, sequence++, step));
}

/** An error code tells that the call failed before it rang. */
function writeCallReceipt(call: TwilioCallOf, usual: string, sequence: number, step: ReceiptStep): WireReceipt {
  const { url, token, account, id, to, from } = call;
  const hasFailed = usual === NO_ANSWER && step.code !== undefined;
  const status = hasFailed ? 'failed' : usual;
  const hasEnded = usual === NO_ANSWER || usual === 'completed';
  const fields = {
    AccountSid: account,
    ApiVersion: '2010-04-01',
    CallSid: id,
    CallStatus: status,
    CallbackSource: 'call-progress-events',
    Called: to,
    Caller: from,
    Direction: 'outbound-api',
    From: from,
    SequenceNumber: String(sequence),
    Timestamp: new Date().toUTCString().replace('GMT', '+0000'),
    To: to,
    ...(hasEnded ? lengthOf(status) : {}),
    ...(hasFailed ? { ErrorCode: String(step.code) } : {}),
  };
  return signCallback({ url, token, status, fields }, step);
}
