interface Example {
  readonly request?: unknown;
  /** Instead of one, where there are several ways to ask: by name, each with what it shows. */
  readonly requests?: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
  readonly answer?: unknown;
}

const VERIFICATION_ID = 'ver_3v9k7r2m5t8w1x4y6z0a2b3c4d';
const DELIVERY = {
  id: 'del_3v9k7r2m5t8w1x4y6z0a2b3c4d-1',
  channel: 'sms',
  to_masked: '+1********23',
  status: 'queued',
};

const accepted = {
  id: VERIFICATION_ID,
  status: 'pending',
  deliveries: [DELIVERY],
  expires_at: '2026-11-21T10:05:00.000Z',
  resend_at: '2026-11-21T10:01:00.000Z',
  sends_remaining: 4,
  checks_remaining: 3,
};
const verification = {
  id: VERIFICATION_ID,
  status: 'pending',
  purpose: 'login',
  undeliverable: false,
  deliveries: [{ ...DELIVERY, status: 'accepted' }],
  created_at: '2026-11-21T10:00:00.000Z',
  expires_at: '2026-11-21T10:05:00.000Z',
  checks_remaining: 3,
};
const approved = {
  valid: true,
  result: 'approved',
  status: 'approved',
  checks_remaining: 2,
  token: 'eyJhbGciOiJFZERTQSIsInR5cCI6InZlcmlmaWNhdGlvbitqd3QifQ.eyJwdXJwb3NlIjoibG9naW4ifQ.c2lnbmF0dXJl',
};

/** By operation id. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  openVerification: {
    requests: {
      usual: {
        summary: 'Over the usual channel of the address',
        value: { to: '+14155550123', purpose: 'login', locale: 'en' },
      },
      channel: {
        summary: 'Over one channel, with what the message needs',
        value: {
          to: '+14155550123',
          channel: 'sms',
          purpose: 'transaction',
          binding: { amount: '25.00 EUR', payee: 'Example Ltd' },
          autofill: { domain: 'example.com' },
        },
      },
      at_once: {
        summary: 'Over several channels at once, with one code',
        value: { to: { phone: '+14155550123', email: 'name@example.com' }, channels: ['sms', 'email'] },
      },
      in_turn: {
        summary: 'Over one channel after another, until one has delivered',
        value: {
          to: { phone: '+14155550123', email: 'name@example.com' },
          purpose: 'password_reset',
          workflow: [{ channel: 'whatsapp', timeout_s: 30 }, { channel: 'sms', timeout_s: 60 }, { channel: 'email' }],
        },
      },
    },
    answer: accepted,
  },
  checkVerification: { request: { code: '123456' }, answer: approved },
  checkDestination: { request: { to: '+14155550123', purpose: 'login', code: '123456' }, answer: approved },
  consumeToken: {
    request: { token: approved.token },
    answer: {
      verification: VERIFICATION_ID,
      purpose: 'login',
      to: '+14155550123',
      approved_at: '2026-11-21T10:01:00.000Z',
    },
  },
  eraseDestination: {
    request: { to: '+14155550123' },
    answer: { id: 'ers_3v9k7r2m5t8w1x4y6z0a2b3c4d', status: 'accepted' },
  },
  readJwks: {
    answer: {
      keys: [
        {
          kty: 'OKP',
          crv: 'Ed25519',
          x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
          kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
          alg: 'EdDSA',
          use: 'sig',
        },
      ],
    },
  },
  resendVerification: {
    requests: {
      same: { summary: 'As it was opened', value: {} },
      other: { summary: 'Over another channel', value: { channel: 'voice' } },
    },
    answer: {
      ...accepted,
      deliveries: [{ ...DELIVERY, id: DELIVERY.id.replace(/1$/, '2'), channel: 'voice' }],
      sends_remaining: 3,
    },
  },
  cancelVerification: {
    request: {},
    answer: { ...verification, status: 'canceled', ended_at: '2026-11-21T10:02:00.000Z' },
  },
  readVerification: { answer: verification },
  readTimeline: {
    answer: {
      events: [
        { seq: 1, type: 'verification.opened', at: '2026-11-21T10:00:00.000Z', data: { purpose: 'login' } },
        { seq: 2, type: 'delivery.queued', at: '2026-11-21T10:00:00.000Z', data: { delivery: DELIVERY.id } },
      ],
    },
  },
};
