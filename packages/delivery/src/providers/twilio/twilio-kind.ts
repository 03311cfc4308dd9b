import { defineProviderKind } from '../provider-kind.ts';
import {
  lackingOfTwilio,
  TWILIO_CHANNELS,
  toTwilioConfig,
  toTwilioReceiptAccount,
  twilioCredentials,
  twilioSettings,
} from './config.ts';
import { createTwilioReceiptReader } from './receipt.ts';
import { createTwilioProvider } from './twilio-provider.ts';

export const twilioKind = defineProviderKind({
  kind: 'twilio',
  channels: TWILIO_CHANNELS,
  settings: twilioSettings,
  credentials: twilioCredentials,
  lackingOf: lackingOfTwilio,
  createProvider: (account, surroundings) => createTwilioProvider(toTwilioConfig(account, surroundings)),
  signerOf: toTwilioReceiptAccount,
  createReceiptReader: createTwilioReceiptReader,
});
