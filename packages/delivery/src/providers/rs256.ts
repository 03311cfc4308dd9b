import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { z } from 'zod';

/** An RSA key of its PEM, in which line ends may be written `\n` as an environment has them; undefined when it is none. */
export function readRsaKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem.replaceAll('\\n', '\n'));
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    // Its error may quote the key.
    return undefined;
  }
}

export const rsaKeyPem = z
  .string()
  .max(8_192)
  .refine((pem) => readRsaKey(pem) !== undefined, 'must be an RSA private key, PEM');

/** A JSON Web Token under RS256 (RFC 7519, RFC 7518 section 3.3); takes about a millisecond. */
export function signRs256(claims: object, key: KeyObject): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}
