import type { Wording } from './wording.ts';

/** As Brazil writes it. */
export const pt: Wording = {
  sentences: {
    login: 'Use {{code}} para entrar na sua conta.',
    registration: 'Use {{code}} para concluir seu cadastro.',
    password_reset: 'Use {{code}} para redefinir sua senha.',
    transaction: 'Use {{code}} para autorizar o pagamento.',
    other: 'Use {{code}} para continuar.',
  },
  titles: {
    login: 'Seu código de acesso',
    registration: 'Seu código de cadastro',
    password_reset: 'Seu código para redefinir a senha',
    transaction: 'Seu código para autorizar o pagamento',
    other: 'Seu código',
  },
  warning: 'Nunca compartilhe com ninguém.',
  minutes: { one: 'Expira em {{n}} minuto.', other: 'Expira em {{n}} minutos.' },
  seconds: { one: 'Expira em {{n}} segundo.', other: 'Expira em {{n}} segundos.' },
  amount: 'Valor: {{value}}.',
  payee: 'Favorecido: {{value}}.',
  unasked: 'Se você não pediu este código, ignore este e-mail.',
};
