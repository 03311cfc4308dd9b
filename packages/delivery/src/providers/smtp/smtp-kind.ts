import { defineProviderKind } from '../provider-kind.ts';
import { lackingOfSmtp, smtpCredentials, smtpSettings, toSmtpConfig } from './config.ts';
import { createSmtpProvider } from './smtp-provider.ts';

export const smtpKind = defineProviderKind({
  kind: 'smtp',
  channels: ['email'],
  settings: smtpSettings,
  credentials: smtpCredentials,
  lackingOf: lackingOfSmtp,
  createProvider: (account, surroundings) => createSmtpProvider(toSmtpConfig(account, surroundings)),
  signerOf: () => undefined,
  createReceiptReader: () => () => null,
});
