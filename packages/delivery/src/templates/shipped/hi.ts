import type { Wording } from './wording.ts';

export const hi: Wording = {
  sentences: {
    login: 'आपका लॉगिन OTP {{code}} है।',
    registration: 'आपका पंजीकरण OTP {{code}} है।',
    password_reset: 'पासवर्ड बदलने का OTP {{code}} है।',
    transaction: 'आपके लेन-देन का OTP {{code}} है।',
    other: 'आपका OTP {{code}} है।',
  },
  titles: {
    login: 'आपका लॉगिन कोड',
    registration: 'आपका पंजीकरण कोड',
    password_reset: 'पासवर्ड बदलने का कोड',
    transaction: 'आपके लेन-देन का कोड',
    other: 'आपका कोड',
  },
  warning: 'इसे किसी को न बताएँ।',
  minutes: { other: '{{n}} मिनट तक मान्य।' },
  seconds: { other: '{{n}} सेकंड तक मान्य।' },
  amount: 'राशि: {{value}}।',
  payee: 'प्राप्तकर्ता: {{value}}।',
  unasked: 'यदि आपने यह कोड नहीं माँगा है, तो इस ईमेल को अनदेखा करें।',
};
