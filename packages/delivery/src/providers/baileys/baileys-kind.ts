import { AccountUnusable, defineProviderKind } from '../provider-kind.ts';
import { createBaileysProvider, createUnsentProvider } from './baileys-provider.ts';
import { baileysCredentials, baileysSettings } from './config.ts';

export const baileysKind = defineProviderKind({
  kind: 'baileys',
  channels: ['whatsapp'],
  settings: baileysSettings,
  credentials: baileysCredentials,
  createProvider({ mode }, { whatsAppWeb, reference }) {
    if (mode === 'test') return createUnsentProvider(mode);
    if (whatsAppWeb === undefined) throw new AccountUnusable('not usable: WHATSAPP_WEB is off');
    return createBaileysProvider(whatsAppWeb.accountOf(reference));
  },
  // Receipts come over the same socket.
  signerOf: () => undefined,
  createReceiptReader: () => () => null,
});
