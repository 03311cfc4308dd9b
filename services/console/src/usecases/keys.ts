import { type ChangeKey, type CreateKey, KEYS_MAX, type Mode, type RotateKey, type Scope } from '@watchword/contracts';
import { AppError, type HopContext } from '@watchword/platform';
import type { ApiKeyDocument } from '@watchword/records';
import { toApiKey } from '../domain/answers.ts';
import { type MintedKey, mintKey } from '../domain/mint-key.ts';
import { refuseField } from '../domain/refusals.ts';
import type { ConfigurationStore } from '../ports.ts';
import { type ChangeResourceDeps, createChangeResource } from './change-resource.ts';

export interface KeysDeps extends ChangeResourceDeps {
  readonly shelf: ConfigurationStore['keys'];
  /** Throws `not_found`. */
  readonly requireProject: (project: string) => Promise<unknown>;
}

export function createKeyUseCases({ shelf, requireProject, ...deps }: KeysDeps) {
  const { now } = deps;
  const isValid = ({ revoked_at: revokedAt, expires_at: expiresAt }: ApiKeyDocument) =>
    revokedAt === null && (expiresAt === null || expiresAt > now());
  const keys = createChangeResource(
    {
      noun: 'key',
      plural: 'valid keys',
      most: KEYS_MAX,
      shelf: { ...shelf, ofProject: (project) => shelf.ofProject(project, { revoked_at: null }) },
      toAnswer: (key) => toApiKey(key, now()),
      counts: isValid,
      unique: 'There is such a key already.',
    },
    deps,
  );

  function futureTime(text: string | null): number | null {
    const at = text === null ? null : Date.parse(text);
    if (at !== null && at <= now()) throw refuseField('invalid_request', '/expires_at', 'must be in the future');
    return at;
  }

  function requireActive(known: ApiKeyDocument): void {
    if (isValid(known)) return;
    throw new AppError('not_active', {
      detail: `The key ${known.revoked_at === null ? 'has expired' : 'is revoked'}.`,
    });
  }

  return {
    read: keys.read,

    async createKey(wanted: CreateKey, context: HopContext): Promise<MintedKey> {
      const project = wanted.project ?? context.project;
      if (project !== context.project && !context.scopes.includes('platform')) {
        throw refuseField('insufficient_scope', '/project', 'needs scope platform');
      }
      requireGrant(wanted, context);
      const expires_at = futureTime(wanted.expires_at ?? null);
      await requireProject(project);
      const { name, mode, scopes } = wanted;
      const minted = mintKey({ project, name, mode, scopes, expires_at }, context.key, now());
      await keys.create(context, () => minted.document, project);
      return minted;
    },

    changeKey: (id: string, wanted: ChangeKey, context: HopContext): Promise<ApiKeyDocument> =>
      keys.change(context, id, (known) => {
        requireActive(known);
        return {
          ...(wanted.name === undefined ? {} : { name: wanted.name }),
          ...(wanted.expires_at === undefined ? {} : { expires_at: futureTime(wanted.expires_at) }),
        };
      }),

    /** The new key is valid before the old one gets its end: a crash in between leaves two valid keys, never none. */
    async rotateKey(id: string, wanted: RotateKey, context: HopContext): Promise<MintedKey> {
      const old = await keys.read(context, id);
      requireActive(old);
      requireNotReplaced(old);
      // Else whoever may make weak keys would get a strong one.
      requireGrant(old, context);
      const { project, name, mode, scopes } = old;
      const expires_at = wanted.expires_at === undefined ? old.expires_at : futureTime(wanted.expires_at);
      const minted = mintKey({ project, name, mode, scopes, expires_at }, context.key, now());
      await keys.create(context, () => minted.document);
      const end = now() + wanted.overlap_seconds * 1_000;
      await keys
        .turn(context, id, 'replace', (known) => {
          requireNotReplaced(known);
          return { replaced_by: minted.document.id, expires_at: Math.min(known.expires_at ?? end, end) };
        })
        .catch(async (error: unknown) => {
          // Another rotation was faster: nobody gets to see this key, so nobody needs it.
          if (error instanceof AppError && error.code === 'not_active') {
            await keys.turn(context, minted.document.id, 'revoke', () => ({ revoked_at: now() }));
          }
          throw error;
        });
      return minted;
    },

    async revokeKey(id: string, context: HopContext): Promise<undefined> {
      await keys.change(
        context,
        id,
        (known) => {
          if (known.revoked_at !== null) requireActive(known);
          return { revoked_at: now() };
        },
        'revoke',
      );
      return undefined;
    },
  };
}

function requireNotReplaced({ replaced_by: next }: ApiKeyDocument): void {
  if (next !== null) throw new AppError('not_active', { detail: `${next} has taken its place already.` });
}

/** Nobody makes a key that may do more than their own. */
function requireGrant(
  { mode, scopes }: { readonly mode: Mode; readonly scopes: readonly Scope[] },
  context: HopContext,
): void {
  const held = new Set<Scope>(context.scopes);
  // As the gateway has it: who may change the configuration may read it.
  if (held.has('config:write')) held.add('config:read');
  const lacking = scopes.filter((scope) => !held.has(scope));
  if (lacking.length > 0) {
    throw refuseField('insufficient_scope', '/scopes', `the key that asks lacks ${lacking.join(', ')}`);
  }
  if (mode === 'live' && context.mode === 'test' && !context.scopes.includes('platform')) {
    throw refuseField('insufficient_scope', '/mode', 'a test key without scope platform makes no live key');
  }
}
