import { Secret } from '@watchword/platform';
import type { VonageMessagesConfig } from '../src/providers/vonage-messages/config.ts';
import { CREDENTIAL } from './provider-contract.ts';

export const config = (baseUrl: string): VonageMessagesConfig => ({
  mode: 'test',
  login: { kind: 'secret', apiKey: 'abcd1234', apiSecret: new Secret(CREDENTIAL) },
  from: 'Watchword',
  whatsapp: { from: '15005550006', template: 'login_otp', templateLocales: ['en_US', 'es', 'pt_BR'] },
  baseUrl,
});

/** What the Messages API answers for a message that it takes. */
export const accepted = { message_uuid: 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab' };
