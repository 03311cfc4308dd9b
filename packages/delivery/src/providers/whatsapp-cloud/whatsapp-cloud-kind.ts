import { defineProviderKind } from '../provider-kind.ts';
import {
  toWhatsAppCloudConfig,
  toWhatsAppCloudReceiptAccount,
  whatsappCloudCredentials,
  whatsappCloudSettings,
} from './config.ts';
import { createWhatsAppCloudReceiptReader } from './receipt.ts';
import { createWhatsAppCloudProvider } from './whatsapp-cloud-provider.ts';

export const whatsappCloudKind = defineProviderKind({
  kind: 'whatsapp_cloud',
  channels: ['whatsapp'],
  settings: whatsappCloudSettings,
  credentials: whatsappCloudCredentials,
  createProvider: (account, surroundings) => createWhatsAppCloudProvider(toWhatsAppCloudConfig(account, surroundings)),
  signerOf: toWhatsAppCloudReceiptAccount,
  createReceiptReader: createWhatsAppCloudReceiptReader,
});
