import type { Wording } from './wording.ts';

export const de: Wording = {
  sentences: {
    login: 'Ihr Anmeldecode lautet {{code}}.',
    registration: 'Ihr Registrierungscode lautet {{code}}.',
    password_reset: 'Ihr Code zum Zurücksetzen des Passworts lautet {{code}}.',
    transaction: 'Ihr Transaktionscode lautet {{code}}.',
    other: 'Ihr Code lautet {{code}}.',
  },
  titles: {
    login: 'Ihr Anmeldecode',
    registration: 'Ihr Registrierungscode',
    password_reset: 'Ihr Code zum Zurücksetzen des Passworts',
    transaction: 'Ihr Transaktionscode',
    other: 'Ihr Code',
  },
  warning: 'Geben Sie ihn an niemanden weiter.',
  minutes: { one: 'Gültig für {{n}} Minute.', other: 'Gültig für {{n}} Minuten.' },
  seconds: { one: 'Gültig für {{n}} Sekunde.', other: 'Gültig für {{n}} Sekunden.' },
  amount: 'Betrag: {{value}}.',
  payee: 'Empfänger: {{value}}.',
  unasked: 'Wenn Sie diesen Code nicht angefordert haben, ignorieren Sie diese E-Mail.',
};
