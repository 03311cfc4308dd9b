import { defineProviderKind } from '../provider-kind.ts';
import { fcmCredentials, fcmSettings, toFcmConfig } from './config.ts';
import { createFcmProvider } from './fcm-provider.ts';

export const fcmKind = defineProviderKind({
  kind: 'fcm',
  channels: ['push'],
  settings: fcmSettings,
  credentials: fcmCredentials,
  createProvider: (account, surroundings) => createFcmProvider(toFcmConfig(account, surroundings)),
  signerOf: () => undefined,
  createReceiptReader: () => () => null,
});
