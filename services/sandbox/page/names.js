/** The providers whose wire the sandbox speaks: name, channels, and whether they tell later what became of a message. */
export const PROVIDERS = {
  twilio: { name: 'Twilio', channels: ['sms', 'voice'], givesReceipts: true },
  vonage: { name: 'Vonage SMS', channels: ['sms'], givesReceipts: true },
  vonage_messages: { name: 'Vonage Messages', channels: ['whatsapp', 'sms'], givesReceipts: true },
  whatsapp_cloud: { name: 'WhatsApp Cloud', channels: ['whatsapp'], givesReceipts: true },
  wati: { name: 'WATI', channels: ['whatsapp'], givesReceipts: true },
  smtp: { name: 'SMTP relay', channels: ['email'], givesReceipts: false },
  fcm: { name: 'FCM', channels: ['push'], givesReceipts: false },
};

export const CHANNELS = { sms: 'SMS', whatsapp: 'WhatsApp', email: 'E-mail', voice: 'Voice', push: 'Push' };

export const nameOf = (provider) => PROVIDERS[provider]?.name ?? provider;
export const channelName = (channel) => CHANNELS[channel] ?? channel;
