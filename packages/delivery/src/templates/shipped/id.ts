import type { Wording } from './wording.ts';

export const id: Wording = {
  sentences: {
    login: 'Kode OTP Anda untuk masuk adalah {{code}}.',
    registration: 'Kode OTP Anda untuk pendaftaran adalah {{code}}.',
    password_reset: 'Kode OTP Anda untuk mengatur ulang kata sandi adalah {{code}}.',
    transaction: 'Kode OTP Anda untuk transaksi adalah {{code}}.',
    other: 'Kode OTP Anda adalah {{code}}.',
  },
  titles: {
    login: 'Kode OTP untuk masuk',
    registration: 'Kode OTP untuk pendaftaran',
    password_reset: 'Kode OTP untuk mengatur ulang kata sandi',
    transaction: 'Kode OTP untuk transaksi',
    other: 'Kode OTP Anda',
  },
  warning: 'Jangan berikan kepada siapa pun.',
  minutes: { other: 'Berlaku {{n}} menit.' },
  seconds: { other: 'Berlaku {{n}} detik.' },
  amount: 'Jumlah: {{value}}.',
  payee: 'Penerima: {{value}}.',
  unasked: 'Abaikan email ini jika Anda tidak meminta kode ini.',
};
