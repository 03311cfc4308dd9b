import { z } from 'zod';

/** Nothing is to be entered: an account is made by pairing a phone with it. */
export const baileysSettings = z.strictObject({});
export const baileysCredentials = z.strictObject({});

export const whatsappWebVariables = {
  WHATSAPP_WEB: z
    .enum(['off', 'on'])
    .default('off')
    .describe(
      'WhatsApp Web by the package `baileys`, which is not installed by default; WhatsApp discourages it, and bans numbers',
    ),
};
