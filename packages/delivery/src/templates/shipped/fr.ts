import type { Wording } from './wording.ts';

export const fr: Wording = {
  sentences: {
    login: 'Votre code de connexion est {{code}}.',
    registration: "Votre code d'inscription est {{code}}.",
    password_reset: 'Votre code de réinitialisation du mot de passe est {{code}}.',
    transaction: 'Votre code pour valider la transaction est {{code}}.',
    other: 'Votre code est {{code}}.',
  },
  titles: {
    login: 'Votre code de connexion',
    registration: "Votre code d'inscription",
    password_reset: 'Votre code de réinitialisation du mot de passe',
    transaction: 'Votre code pour valider la transaction',
    other: 'Votre code',
  },
  warning: 'Ne le communiquez à personne.',
  minutes: { one: 'Valable {{n}} minute.', other: 'Valable {{n}} minutes.' },
  seconds: { one: 'Valable {{n}} seconde.', other: 'Valable {{n}} secondes.' },
  amount: 'Montant : {{value}}.',
  payee: 'Bénéficiaire : {{value}}.',
  unasked: "Si vous n'avez pas demandé ce code, ignorez cet e-mail.",
};
