import { CHANNELS, type Channel, type ProviderKind } from '@watchword/contracts';
import { z } from 'zod';
import { kindsFor } from './kinds.ts';

const NONE = 'none';

const providersVariable = (channel: Channel, preset: string) =>
  z
    .string()
    .regex(/^[a-z_]+(,[a-z_]+)*$/, 'must be names separated by commas')
    .transform((text) => (text === NONE ? [] : text.split(',')))
    .pipe(z.array(z.enum(kindsFor(channel), `must name ${kindsFor(channel).join(', ')}, or none`)))
    .refine((given) => new Set(given).size === given.length, 'must name each once')
    .prefault(preset)
    .describe(
      `The platform’s own providers of channel \`${channel}\` in order of preference, primary first; or \`${NONE}\``,
    );

/** Which of the platform's own accounts serve a channel. The worker sends by them; the console tells what a workflow may use. */
export const channelProviderVariables = {
  SMS_PROVIDERS: providersVariable('sms', 'twilio,vonage'),
  WHATSAPP_PROVIDERS: providersVariable('whatsapp', 'whatsapp_cloud,wati'),
  EMAIL_PROVIDERS: providersVariable('email', 'smtp'),
  VOICE_PROVIDERS: providersVariable('voice', 'twilio'),
  PUSH_PROVIDERS: providersVariable('push', 'fcm'),
};

export type ChannelProviders = { readonly [Name in keyof typeof channelProviderVariables]: readonly ProviderKind[] };

/** In order of preference; empty for a channel that the platform does not carry. */
export const platformProvidersOf = (config: ChannelProviders, channel: Channel): readonly ProviderKind[] =>
  config[`${channel.toUpperCase() as Uppercase<Channel>}_PROVIDERS`];

export const platformChannelsOf = (config: ChannelProviders): Channel[] =>
  CHANNELS.filter((channel) => platformProvidersOf(config, channel).length > 0);
