import type { Wording } from './wording.ts';

export const es: Wording = {
  sentences: {
    login: 'Tu clave de acceso es {{code}}.',
    registration: 'Tu clave de registro es {{code}}.',
    password_reset: 'Tu clave para cambiar la contraseña es {{code}}.',
    transaction: 'Tu clave para autorizar el pago es {{code}}.',
    other: 'Tu clave de un solo uso es {{code}}.',
  },
  titles: {
    login: 'Tu clave de acceso',
    registration: 'Tu clave de registro',
    password_reset: 'Tu clave para cambiar la contraseña',
    transaction: 'Tu clave para autorizar el pago',
    other: 'Tu clave de un solo uso',
  },
  warning: 'No la compartas con nadie.',
  minutes: { one: 'Caduca en {{n}} minuto.', other: 'Caduca en {{n}} minutos.' },
  seconds: { one: 'Caduca en {{n}} segundo.', other: 'Caduca en {{n}} segundos.' },
  amount: 'Importe: {{value}}.',
  payee: 'Beneficiario: {{value}}.',
  unasked: 'Si no la pediste, ignora este correo.',
};
