/** One message by each wire that is HTTP, to the same number or device. Fields that are given take the place of the usual ones. */
export const TO = '+14155550123';
export const DEVICE = 'device-of-nobody:APA91b';
export const TEXT = 'Your login OTP is 123456. Do not share it with anyone.';
export const CODE = '123456';
export const ACCOUNT = `AC${'0'.repeat(32)}`;
/** What the accounts sign with, at providers whose receipts are signed with what a call carries. */
export const SECRET = 'anything';
const BASIC = `Basic ${Buffer.from(`anyone:${SECRET}`).toString('base64')}`;
const BEARER = `Bearer ${SECRET}`;

type Post = (url: string, fields?: Record<string, unknown>, authorization?: string) => Promise<Response>;

const headersOf = (authorization: string) => (authorization === '' ? undefined : { authorization });

function postForm(url: string, fields: Record<string, unknown>, authorization: string): Promise<Response> {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, String(one));
  }
  return fetch(url, { method: 'POST', headers: { ...headersOf(authorization) }, body: form });
}

const postJson = (url: string, fields: object, authorization: string): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headersOf(authorization) },
    body: JSON.stringify(fields),
  });

export const postTwilio: Post = (url, fields = {}, authorization = BASIC) =>
  postForm(
    `${url}/2010-04-01/Accounts/${ACCOUNT}/Messages.json`,
    { To: TO, From: '+14155550100', Body: TEXT, ...fields },
    authorization,
  );

const SPEECH = 'Your code is 1, 2, 3, 4, 5, 6.';
export const TWIML = `<?xml version="1.0" encoding="UTF-8"?><Response><Say language="en-US">${SPEECH}</Say><Pause length="1"/><Say language="en-US">${SPEECH}</Say></Response>`;

export const postTwilioCall: Post = (url, fields = {}, authorization = BASIC) =>
  postForm(
    `${url}/2010-04-01/Accounts/${ACCOUNT}/Calls.json`,
    { To: TO, From: '+14155550100', Twiml: TWIML, ...fields },
    authorization,
  );

export const postVonage: Post = (url, fields = {}, authorization = BASIC) =>
  postJson(`${url}/sms/json`, { to: TO.slice(1), from: 'Watchword', text: TEXT, ...fields }, authorization);

const PARAMETERS = [{ type: 'text', text: CODE }];
export const TEMPLATE = {
  name: 'otp',
  language: { code: 'en_US' },
  components: [
    { type: 'body', parameters: PARAMETERS },
    { type: 'button', sub_type: 'url', index: '0', parameters: PARAMETERS },
  ],
};

export const postVonageMessage: Post = (url, fields = {}, authorization = BASIC) =>
  postJson(
    `${url}/v1/messages`,
    {
      channel: 'whatsapp',
      message_type: 'custom',
      to: TO.slice(1),
      from: '14155550100',
      custom: { type: 'template', template: TEMPLATE },
      ...fields,
    },
    authorization,
  );

export const postWhatsAppCloud: Post = (url, fields = {}, authorization = BEARER) =>
  postJson(
    `${url}/v25.0/platform/messages`,
    {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: TO.slice(1),
      type: 'template',
      template: TEMPLATE,
      ...fields,
    },
    authorization,
  );

export const postWati: Post = (url, fields = {}, authorization = BEARER) =>
  postJson(
    `${url}/platform/api/v2/sendTemplateMessage?whatsappNumber=${TO.slice(1)}`,
    {
      template_name: 'login_otp',
      broadcast_name: 'login_otp',
      parameters: [{ name: '1', value: CODE }],
      ...fields,
    },
    authorization,
  );

export const postFcm: Post = (url, message = {}, authorization = BEARER) =>
  postJson(
    `${url}/v1/projects/sandbox/messages:send`,
    {
      message: {
        token: DEVICE,
        notification: { title: 'Your code', body: TEXT },
        data: { code: CODE, attempt_id: 'att_1' },
        ...message,
      },
    },
    authorization,
  );

export const PROVIDER_POSTS = {
  twilio: postTwilio,
  vonage: postVonage,
  vonage_messages: postVonageMessage,
  whatsapp_cloud: postWhatsAppCloud,
  wati: postWati,
  fcm: postFcm,
} as const satisfies Record<string, Post>;
export type HttpProvider = keyof typeof PROVIDER_POSTS;
export const HTTP_PROVIDERS = Object.keys(PROVIDER_POSTS) as HttpProvider[];
