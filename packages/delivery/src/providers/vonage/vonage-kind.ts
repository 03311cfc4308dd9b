import { defineProviderKind } from '../provider-kind.ts';
import { toVonageConfig, toVonageReceiptAccount, vonageCredentials, vonageSettings } from './config.ts';
import { createVonageReceiptReader } from './receipt.ts';
import { createVonageProvider } from './vonage-provider.ts';

export const vonageKind = defineProviderKind({
  kind: 'vonage',
  channels: ['sms'],
  settings: vonageSettings,
  credentials: vonageCredentials,
  createProvider: (account, surroundings) => createVonageProvider(toVonageConfig(account, surroundings)),
  signerOf: toVonageReceiptAccount,
  createReceiptReader: createVonageReceiptReader,
});
