import { defineProviderKind } from '../provider-kind.ts';
import { toTwilioConfig, toTwilioReceiptAccount, twilioCredentials, twilioSettings } from './config.ts';
import { createTwilioReceiptReader } from './receipt.ts';
import { createTwilioProvider } from './twilio-provider.ts';

export const twilioKind = defineProviderKind({
  kind: 'twilio',
  channels: ['sms'],
  settings: twilioSettings,
  credentials: twilioCredentials,
  createProvider: (account, surroundings) => createTwilioProvider(toTwilioConfig(account, surroundings)),
  signerOf: toTwilioReceiptAccount,
  createReceiptReader: createTwilioReceiptReader,
});
