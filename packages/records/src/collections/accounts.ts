import { bytes, type DocumentOf, defineCollection, integer, json, optional, text } from '../collection.ts';

// Who works with the platform, and what they prove themselves with.

const address = {
  /** Sealed, and the id of its key. */
  email: bytes(),
  seal_key: integer(),
  /** Its blind index and the id of that key. */
  email_index: bytes(),
  email_index_key: integer(),
};

export const users = defineCollection(
  'users',
  {
    ...address,
    /** Argon2id, in the PHC string format. */
    password_hash: text(),
    status: text<'pending' | 'active' | 'locked' | 'disabled'>(),
    /** Project → role; `*` for all of them. */
    roles: json<Readonly<Record<string, string>>>(),
    failed_sign_ins: integer(),
    locked_until: optional(integer()),
    created_at: integer(),
    updated_at: integer(),
    version: integer(),
  },
  [['seal_key'], ['email_index_key']],
  [['email_index']],
);

/** A refresh token of a family; one that comes again ends them all. */
export const sessions = defineCollection(
  'sessions',
  {
    user: text(),
    family: text(),
    /** SHA-256 of the refresh token, hex. */
    token_hash: text(),
    created_at: integer(),
    expires_at: integer(),
    used_at: optional(integer()),
    ended_at: optional(integer()),
  },
  [['user', 'created_at'], ['family'], ['expires_at']],
  [['token_hash']],
);

export const invitations = defineCollection(
  'invitations',
  {
    ...address,
    project: text(),
    role: text(),
    /** SHA-256 of the invitation's token, hex. */
    token_hash: text(),
    invited_by: text(),
    created_at: integer(),
    expires_at: integer(),
    accepted_at: optional(integer()),
  },
  [['project', 'created_at'], ['expires_at'], ['seal_key']],
  [['token_hash']],
);

/** An end user's authenticator app. */
export const factors = defineCollection(
  'factors',
  {
    project: text(),
    /** Blind index of the caller's user id, and the id of its key. */
    user_index: bytes(),
    user_index_key: integer(),
    kind: text<'totp'>(),
    status: text<'pending' | 'active'>(),
    /** Sealed, and the id of its key. */
    secret: bytes(),
    seal_key: integer(),
    /** SHA-256 of each that is left, hex. */
    recovery_hashes: json<readonly string[]>(),
    /** The last time step that was used: none is taken twice (RFC 6238 section 5.2). */
    last_step: integer(),
    created_at: integer(),
    version: integer(),
  },
  [['project', 'user_index'], ['seal_key']],
);

export type UserDocument = DocumentOf<typeof users>;
