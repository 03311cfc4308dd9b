import { createPrivateKey, createPublicKey } from 'node:crypto';
import { APPROVAL_TOKEN_TYPE, type JwkSet } from '@watchword/contracts';
import type { Clock, KeyRing, RingKey } from '@watchword/platform';
import type { Owner } from '@watchword/verifications';
import { calculateJwkThumbprint, createLocalJWKSet, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { ApprovalTokens, ApprovedClaims } from '../ports.ts';

export interface ApprovalTokensOptions {
  /** Ed25519 seeds: the current one signs, all of them verify. */
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly issuer: string;
  readonly ttlSeconds: number;
}

const ALGORITHM = 'EdDSA';
/** RFC 8176: a one-time password was used. */
const METHODS = ['otp'];
/** RFC 8410, 7: a PKCS #8 private key is this and the seed. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Anybody may read the sandbox's codes, so that a token of test mode must satisfy nobody who verifies those of live mode. */
const audienceOf = ({ project, mode }: Owner) => (mode === 'live' ? project : `${project}:test`);

const claimsSchema = z.object({
  sub: z.string(),
  sent_to: z.array(z.string()).optional(),
  jti: z.string(),
  purpose: z.string(),
  iat: z.int(),
});

/**
 * Signed JWTs (RFC 7519, EdDSA of RFC 8037) that say which destination was proved, to whom and when. The same approval makes
 * the same bytes, as long as key and settings stay: nothing of a token is stored.
 */
export async function createApprovalTokens(options: ApprovalTokensOptions): Promise<ApprovalTokens> {
  const { ring, clock, issuer, ttlSeconds } = options;
  const keys = await Promise.all(ring.keys.map(toSigningKey));
  const [current] = keys;
  if (current === undefined) throw new Error('A ring has a current key');
  const jwks: JwkSet = { keys: keys.map(({ publicJwk }) => publicJwk) };
  const findKey = createLocalJWKSet(jwks);

  return {
    jwks,

    issue({ id, destination, sentTo, purpose, approvedAt }, owner) {
      const iat = Math.floor(approvedAt / 1000);
      const claims = {
        iss: issuer,
        aud: audienceOf(owner),
        sub: destination,
        ...(sentTo && { sent_to: sentTo }),
        jti: id,
        iat,
        nbf: iat,
        exp: iat + ttlSeconds,
        amr: METHODS,
        purpose,
        verification: id,
      };
      const header = { alg: ALGORITHM, kid: current.publicJwk.kid, typ: APPROVAL_TOKEN_TYPE };
      return new SignJWT(claims).setProtectedHeader(header).sign(current.privateKey);
    },

    async verify(token, owner) {
      const expected = {
        algorithms: [ALGORITHM],
        typ: APPROVAL_TOKEN_TYPE,
        issuer,
        audience: audienceOf(owner),
        requiredClaims: ['exp', 'iat', 'jti', 'sub'],
        currentDate: new Date(clock.now()),
      };
      try {
        const { payload } = await jwtVerify(token, findKey, expected);
        return toClaims(payload, false);
      } catch (error) {
        // Judged last: signature, type, issuer and audience were right.
        if (error instanceof errors.JWTExpired) return toClaims(error.payload, true);
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}

function toClaims(payload: JWTPayload, isExpired: boolean): ApprovedClaims | null {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) return null;
  const { jti, sub, sent_to: sentTo, purpose, iat } = parsed.data;
  return { id: jti, destination: sub, ...(sentTo && { sentTo }), purpose, approvedAt: iat * 1000, isExpired };
}

async function toSigningKey({ key }: RingKey) {
  const pkcs8 = Buffer.concat([PKCS8_ED25519, key.reveal()]);
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  const kid = await calculateJwkThumbprint(jwk, 'sha256');
  return { privateKey, publicJwk: { ...jwk, kid, alg: ALGORITHM, use: 'sig' } as const };
}
