interface Example {
  readonly request?: unknown;
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
const approved = { valid: true, result: 'approved', status: 'approved', checks_remaining: 2 };

/** By operation id. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  openVerification: { request: { to: '+14155550123', purpose: 'login', locale: 'en' }, answer: accepted },
  checkVerification: { request: { code: '123456' }, answer: approved },
  checkDestination: { request: { to: '+14155550123', purpose: 'login', code: '123456' }, answer: approved },
  resendVerification: { request: { channel: 'sms' }, answer: { ...accepted, sends_remaining: 3 } },
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
