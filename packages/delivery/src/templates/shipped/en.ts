import type { Wording } from './wording.ts';

export const en: Wording = {
  sentences: {
    login: 'Your login OTP is {{code}}.',
    registration: 'Your registration OTP is {{code}}.',
    password_reset: 'Your password reset OTP is {{code}}.',
    transaction: 'Your transaction OTP is {{code}}.',
    other: 'Your OTP is {{code}}.',
  },
  titles: {
    login: 'Your login code',
    registration: 'Your registration code',
    password_reset: 'Your password reset code',
    transaction: 'Your transaction code',
    other: 'Your code',
  },
  warning: 'Do not share it with anyone.',
  minutes: { one: 'Valid for {{n}} minute.', other: 'Valid for {{n}} minutes.' },
  seconds: { one: 'Valid for {{n}} second.', other: 'Valid for {{n}} seconds.' },
  amount: 'Amount: {{value}}.',
  payee: 'Payee: {{value}}.',
  unasked: 'If you did not ask for this code, ignore this e-mail.',
};
