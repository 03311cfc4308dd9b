import type { AttemptResult } from '../provider.ts';
import { PRIVATE_ADDRESS } from '../public-address.ts';
import { resultOf, transportCodeOf } from '../verdict.ts';
import { type SmtpStep, verdictOfReply } from './error-table.ts';

/** What nodemailer's errors carry. Their texts quote addresses and replies: only codes are read. */
interface Failure {
  readonly code?: unknown;
  /** The system's code behind nodemailer's own. */
  readonly originalCode?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
  readonly command?: unknown;
}

const STEPS: Readonly<Record<string, SmtpStep>> = {
  'MAIL FROM': 'sender',
  'RCPT TO': 'recipient',
};

/**
 * Judges a message that failed. `isWritten`: the relay had asked for the message, and some of it may have left; without its
 * answer nobody knows what became of it. Before that nothing can have been sent.
 */
export function judgeFailure(error: unknown, isWritten: boolean, signal: AbortSignal): AttemptResult {
  const failure = error instanceof Error ? (error as Failure) : {};
  const reply = replyOf(failure);
  const step = stepOf(failure, isWritten);
  // A reply that was cut off with its connection is no answer to the message.
  if (reply !== undefined && !signal.aborted && (step !== 'session' || !isWritten)) {
    return resultOf(verdictOfReply(step, reply, enhancedOf(failure)), String(reply));
  }
  if (!isWritten) {
    if (failure.code === PRIVATE_ADDRESS) return resultOf('configuration', 'private_address');
    if (failure.code === 'EAUTH') return resultOf('configuration', 'EAUTH');
    if (failure.code === 'EENVELOPE') return resultOf('destination', 'EENVELOPE');
    if (failure.code === 'EMESSAGE') return resultOf('content', 'EMESSAGE');
  }
  return resultOf(isWritten ? 'unknown' : 'transient', codeOf(failure, error, signal));
}

function stepOf({ code, command }: Failure, isWritten: boolean): SmtpStep {
  if (code === 'EAUTH') return 'sign_in';
  // Refused before it was read, it is not what stands in the message.
  if (command === 'DATA') return isWritten ? 'message' : 'sender';
  return STEPS[String(command)] ?? 'session';
}

function replyOf({ responseCode }: Failure): number | undefined {
  return Number.isInteger(responseCode) && Number(responseCode) >= 400 && Number(responseCode) <= 599
    ? Number(responseCode)
    : undefined;
}

const enhancedOf = ({ response }: Failure) =>
  typeof response === 'string' ? /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] : undefined;

function codeOf({ code, originalCode }: Failure, error: unknown, signal: AbortSignal): string {
  if (code === 'ETIMEDOUT' && !signal.aborted) return 'timeout';
  return transportCodeOf(
    typeof originalCode === 'string' ? Object.assign(new Error(), { code: originalCode }) : error,
    signal,
  );
}
