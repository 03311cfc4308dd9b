import { defineProviderKind } from '../provider-kind.ts';
import {
  lackingOfVonageMessages,
  toVonageMessagesConfig,
  toVonageMessagesReceiptAccount,
  VONAGE_MESSAGES_CHANNELS,
  vonageMessagesCredentials,
  vonageMessagesSettings,
} from './config.ts';
import { createVonageMessagesReceiptReader } from './receipt.ts';
import { createVonageMessagesProvider } from './vonage-messages-provider.ts';

export const vonageMessagesKind = defineProviderKind({
  kind: 'vonage_messages',
  channels: VONAGE_MESSAGES_CHANNELS,
  settings: vonageMessagesSettings,
  credentials: vonageMessagesCredentials,
  lackingOf: lackingOfVonageMessages,
  createProvider: (account, surroundings) =>
    createVonageMessagesProvider(toVonageMessagesConfig(account, surroundings)),
  signerOf: toVonageMessagesReceiptAccount,
  createReceiptReader: (accounts) => createVonageMessagesReceiptReader(accounts),
});
