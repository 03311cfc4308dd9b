import { hkdfSync } from 'node:crypto';
import { Secret } from '@watchword/platform';

/** The token of a made-up account at the sandbox: of the platform's (`platform`), or of a project's, by its provider's id. */
export type SandboxTokenOf = (account: string) => Secret;

/**
 * What the made-up accounts sign with: HKDF-SHA256 (RFC 5869) of the id key, which worker and otp both hold. So nobody outside the
 * installation writes their receipts, though the gateway takes those from anyone; the sandbox learns a token from the calls that
 * carry it. Each account has its own: receipts tell which one they came from, and no project's speak for another's.
 */
export function createSandboxTokens(idKey: Secret<Buffer>): SandboxTokenOf {
  return (account) =>
    new Secret(
      Buffer.from(hkdfSync('sha256', idKey.reveal(), '', `watchword sandbox ${account}`, 32)).toString('base64url'),
    );
}
