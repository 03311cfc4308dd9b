import type { Wording } from './wording.ts';

export const ar: Wording = {
  sentences: {
    login: 'رمز تسجيل الدخول هو {{code}}.',
    registration: 'رمز إنشاء الحساب هو {{code}}.',
    password_reset: 'رمز إعادة تعيين كلمة المرور هو {{code}}.',
    transaction: 'رمز تأكيد المعاملة هو {{code}}.',
    other: 'رمز التحقق هو {{code}}.',
  },
  titles: {
    login: 'رمز تسجيل الدخول',
    registration: 'رمز إنشاء الحساب',
    password_reset: 'رمز إعادة تعيين كلمة المرور',
    transaction: 'رمز تأكيد المعاملة',
    other: 'رمز التحقق',
  },
  warning: 'لا تشاركه مع أحد.',
  minutes: {
    one: 'صالح لمدة دقيقة واحدة.',
    two: 'صالح لمدة دقيقتين.',
    few: 'صالح لمدة {{n}} دقائق.',
    other: 'صالح لمدة {{n}} دقيقة.',
  },
  seconds: {
    one: 'صالح لمدة ثانية واحدة.',
    two: 'صالح لمدة ثانيتين.',
    few: 'صالح لمدة {{n}} ثوانٍ.',
    other: 'صالح لمدة {{n}} ثانية.',
  },
  amount: 'المبلغ: {{value}}.',
  payee: 'المستفيد: {{value}}.',
  unasked: 'إذا لم تطلب هذا الرمز، فتجاهل هذه الرسالة.',
};
