import type { ProviderCode } from '../../domain/provider.ts';
import { type CarrierCall, type RefusedCall, type RefusingMode, refusedWith, type WireAnswer } from '../carrier.ts';
import { textField } from '../fields.ts';

/** An error as Twilio writes it; codes and texts are those of its error dictionary. */
function problem(status: number, code: ProviderCode, message: string): WireAnswer {
  return { status, body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } };
}

export const refused = (status: number, code: number, message: string): RefusedCall =>
  refusedWith(problem(status, code, message));

/** What all of Twilio's resources answer when something is wrong. */
export function refuse(mode: RefusingMode, { fields }: CarrierCall, code: ProviderCode | undefined): WireAnswer {
  switch (mode) {
    case 'down':
      return { status: 503 };
    case 'throttle':
      return problem(429, code ?? 20429, 'Too Many Requests');
    case 'auth':
      return problem(401, code ?? 20003, 'Authenticate');
    case 'reject':
      return problem(400, code ?? 21211, `Invalid 'To' Phone Number: ${textField(fields, 'To') ?? ''}`);
  }
}

/** `Thu, 20 Nov 2026 10:00:00 +0000`, as all times in Twilio's resources. */
export const twilioTime = (at: number) => new Date(at).toUTCString().replace('GMT', '+0000');
