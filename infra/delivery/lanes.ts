import type { Channel } from '@watchword/contracts';
import { freshDeviceToken, freshEmail, freshNumber, type To } from '@watchword/testkit';

/** One way that a code can go: a channel's primary, and what takes over from it. */
export interface Lane {
  readonly channel: Channel;
  readonly primary: string;
  readonly secondary: string;
  /** The next provider of the channel, or the next channel of a workflow: with one provider, only another channel can help. */
  readonly by: 'provider' | 'workflow';
}

/** The platforms that the lanes need, by what their providers are: each kind is a primary in one of them. */
export const STAGES: readonly { readonly env: Readonly<Record<string, string>>; readonly lanes: readonly Lane[] }[] = [
  {
    env: {},
    lanes: [
      { channel: 'sms', primary: 'twilio', secondary: 'vonage', by: 'provider' },
      { channel: 'whatsapp', primary: 'whatsapp_cloud', secondary: 'wati', by: 'provider' },
      { channel: 'email', primary: 'smtp', secondary: 'whatsapp_cloud', by: 'workflow' },
      { channel: 'voice', primary: 'twilio', secondary: 'twilio', by: 'workflow' },
      { channel: 'push', primary: 'fcm', secondary: 'twilio', by: 'workflow' },
    ],
  },
  {
    env: { SMS_PROVIDERS: 'vonage,vonage_messages', WHATSAPP_PROVIDERS: 'wati,vonage_messages' },
    lanes: [
      { channel: 'sms', primary: 'vonage', secondary: 'vonage_messages', by: 'provider' },
      { channel: 'whatsapp', primary: 'wati', secondary: 'vonage_messages', by: 'provider' },
    ],
  },
  {
    env: { SMS_PROVIDERS: 'vonage_messages,twilio', WHATSAPP_PROVIDERS: 'vonage_messages,whatsapp_cloud' },
    lanes: [
      { channel: 'sms', primary: 'vonage_messages', secondary: 'twilio', by: 'provider' },
      { channel: 'whatsapp', primary: 'vonage_messages', secondary: 'whatsapp_cloud', by: 'provider' },
    ],
  },
];

/** How long a workflow waits for a channel that has one provider, which is out. */
export const STEP_SECONDS = 5;

/** Fresh addresses of a lane's user, and what a call says beside them. */
export function callOf({ channel, by }: Lane): {
  readonly to: To;
  readonly extra: object;
  readonly addresses: string[];
} {
  const phone = freshNumber();
  if (by === 'provider') return { to: phone, extra: { channel }, addresses: [phone] };
  const first = { email: freshEmail(), push: freshDeviceToken() }[channel as string];
  const key = channel === 'email' ? 'email' : 'device_token';
  // A voice call's other channel goes to the same number.
  const to = first === undefined ? phone : { phone, [key]: first };
  const next = channel === 'email' ? 'whatsapp' : 'sms';
  const workflow = [{ channel, timeout_s: STEP_SECONDS }, { channel: next }];
  return { to, extra: { workflow }, addresses: first === undefined ? [phone] : [first, phone] };
}
