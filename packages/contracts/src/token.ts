import { z } from 'zod';

/** `typ` of an approval token's header, so that no other JWT passes for one (RFC 8725, 3.11). */
export const APPROVAL_TOKEN_TYPE = 'verification+jwt';

/** The public keys of approval tokens are served here, as a JWK Set (RFC 7517). */
export const JWKS_PATH = '/.well-known/jwks.json';
/** How long whoever fetched them may keep them, the gateway included. */
export const JWKS_MAX_AGE_SECONDS = 60;

export const consumeTokenSchema = z
  .strictObject({ token: z.string().min(1).max(4_096).describe('The approval token that a check answered') })
  .meta({ id: 'ConsumeToken' });

/** What the token says, to the one call that spends it. */
export const consumedTokenSchema = z
  .object({
    verification: z.string(),
    purpose: z.string(),
    to: z.string().describe('The address that was proved; of several that the code went to the first'),
    sent_to: z
      .array(z.string())
      .optional()
      .describe('When the code went to several addresses, all of them: one of them was proved, and nobody knows which'),
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
