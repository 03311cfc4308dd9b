import { Secret } from '@watchword/platform';
import type { TwilioConfig } from '../src/providers/twilio/config.ts';
import { CREDENTIAL, TEXT, TO } from './provider-contract.ts';

export const ACCOUNT = `AC${'1'.repeat(32)}`;
export const FROM = '+15005550006';
export const config = (baseUrl: string): TwilioConfig => ({
  mode: 'test',
  accountSid: ACCOUNT,
  login: { user: ACCOUNT, password: new Secret(CREDENTIAL) },
  from: FROM,
  voiceFrom: FROM,
  baseUrl,
});

/** What Twilio answers for a message, and for a call. */
export const accepted = {
  sid: `SM${'a'.repeat(32)}`,
  status: 'queued',
  num_segments: '1',
  error_code: null,
  to: TO,
  body: TEXT,
};
export const call = { sid: `CA${'b'.repeat(32)}`, status: 'queued', to: TO, from: FROM };
