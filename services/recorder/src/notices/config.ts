import { smtpSettings } from '@watchword/delivery';
import { Secret } from '@watchword/platform';
import { z } from 'zod';

/** A URL may have a `%` that stands for nothing. */
function hasReadableLogin(url: string): boolean {
  try {
    const { username, password } = new URL(url);
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** The notices' part of the recorder's slice of the environment. */
export const noticeVariables = {
  NOTICE_SMTP_URL: z
    .url({ protocol: /^smtps?$/, hostname: /./, error: 'must be smtp://… (STARTTLS) or smtps://…' })
    .refine(hasReadableLogin, 'must have its user and password percent-encoded')
    .transform((text) => new Secret(text))
    .optional()
    .describe(
      'Relay of the mails to admins, `smtp://user:password@host:587`, another than the codes’; without it they are not told',
    ),
  NOTICE_FROM: smtpSettings.shape.from
    .optional()
    .describe('Their sender: an address, or `Name <address>`; needed with `NOTICE_SMTP_URL`'),
  ADMIN_EMAIL: z
    .email('must be an e-mail address')
    .optional()
    .describe('Who is told of what a project without an owner or admin could not deliver'),
};
export type NoticeConfig = z.infer<z.ZodObject<typeof noticeVariables>>;
