import { z } from 'zod';

/** `typ` of an approval token's header, so that no other JWT passes for one (RFC 8725, 3.11). */
export const APPROVAL_TOKEN_TYPE = 'verification+jwt';

/** The public keys of approval tokens are served here, as a JWK Set (RFC 7517). */
export const JWKS_PATH = '/.well-known/jwks.json';
/** How long whoever fetched them may keep them, the gateway included. */
export const JWKS_MAX_AGE_SECONDS = 60;

export const consumeTokenSchema = z
  .strictObject({ token: z.string().min(1).max(2_048).describe('The approval token that a check answered') })
  .meta({ id: 'ConsumeToken' });

/** What the token says, to the one call that spends it. */
export const consumedTokenSchema = z
  .object({
    verification: z.string(),
    purpose: z.string(),
    to: z.string().describe('The destination whose control was proved'),
    approved_at: z.iso.datetime(),
  })
  .meta({ id: 'ConsumedToken' });

export const jwksSchema = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        x: z.string(),
        kid: z.string().describe('Its thumbprint (RFC 7638)'),
        alg: z.literal('EdDSA'),
        use: z.literal('sig'),
      }),
    ),
  })
  .meta({ id: 'JwkSet' });

export type ConsumeToken = z.infer<typeof consumeTokenSchema>;
export type ConsumedToken = z.infer<typeof consumedTokenSchema>;
export type JwkSet = z.infer<typeof jwksSchema>;
