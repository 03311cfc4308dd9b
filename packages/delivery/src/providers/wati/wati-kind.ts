import { defineProviderKind } from '../provider-kind.ts';
import { toWatiConfig, toWatiReceiptAccount, watiCredentials, watiSettings } from './config.ts';
import { createWatiReceiptReader } from './receipt.ts';
import { createWatiProvider } from './wati-provider.ts';

export const watiKind = defineProviderKind({
  kind: 'wati',
  channels: ['whatsapp'],
  settings: watiSettings,
  credentials: watiCredentials,
  createProvider: (account, surroundings) => createWatiProvider(toWatiConfig(account, surroundings)),
  signerOf: toWatiReceiptAccount,
  createReceiptReader: createWatiReceiptReader,
});
