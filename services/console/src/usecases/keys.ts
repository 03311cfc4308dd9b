import { type ChangeKey, type CreateKey, KEYS_MAX, type KeyQuery, type RotateKey } from '@watchword/contracts';
import { AppError, type HopContext } from '@watchword/platform';
import type { ApiKeyDocument } from '@watchword/records';
import { toApiKey } from '../domain/answers.ts';
import { requireGrant, requireGrantToChange } from '../domain/grants.ts';
import { type MintedKey, mintKey } from '../domain/mint-key.ts';
import { notFound, refuseField } from '../domain/refusals.ts';
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
      shelf: { ...shelf, ofProject: (project) => shelf.valid(project, now()) },
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

  /** The caller's own, or the one that they name. */
  function projectOf(wanted: Pick<KeyQuery, 'project'>, context: HopContext): string {
    const { project = context.project } = wanted;
    if (project === context.project || context.scopes.includes('platform')) return project;
    throw refuseField('insufficient_scope', '/project', 'needs scope platform');
  }

  /** The call as one of the key's own project: the platform's callers reach any key, and the audit files it with the key. */
  async function atHome(id: string, context: HopContext): Promise<HopContext> {
    if (!context.scopes.includes('platform')) return context;
    const known = await shelf.find(id);
    if (known === null) throw notFound('key');
    return { ...context, project: known.project };
  }

  return {
    /** Whose keys are to be listed. */
    async listedProject(query: KeyQuery, context: HopContext): Promise<string> {
      const project = projectOf(query, context);
      await requireProject(project);
      return project;
    },

    readKey: async (id: string, context: HopContext): Promise<ApiKeyDocument> =>
      keys.read(await atHome(id, context), id),

    async createKey(wanted: CreateKey, context: HopContext): Promise<MintedKey> {
      const project = projectOf(wanted, context);
      requireGrant(wanted, context);
      const expires_at = futureTime(wanted.expires_at ?? null);
      await requireProject(project);
      const { name, mode, scopes } = wanted;
      const minted = mintKey({ project, name, mode, scopes, expires_at }, context.key, now());
      await keys.create(context, () => minted.document, project);
      return minted;
    },

    async changeKey(id: string, wanted: ChangeKey, context: HopContext): Promise<ApiKeyDocument> {
      return keys.change(await atHome(id, context), id, (known) => {
        requireActive(known);
        const { name = known.name } = wanted;
        const expires_at = wanted.expires_at === undefined ? known.expires_at : futureTime(wanted.expires_at);
        // Else whoever may make weak keys would keep a strong one alive.
        if (endOf({ expires_at }) > endOf(known)) requireGrantToChange(known, context, '/expires_at');
        if (name !== known.name) requireGrantToChange(known, context, '/name');
        return { name, expires_at };
      });
    },

    /** The new key is valid before the old one gets its end: a crash in between leaves two valid keys, never none. */
    async rotateKey(id: string, wanted: RotateKey, asking: HopContext): Promise<MintedKey> {
      const context = await atHome(id, asking);
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
        await atHome(id, context),
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

/** Whose end is null never ends. */
const endOf = ({ expires_at }: Pick<ApiKeyDocument, 'expires_at'>) => expires_at ?? Infinity;

function requireNotReplaced({ replaced_by: next }: ApiKeyDocument): void {
  if (next !== null) throw new AppError('not_active', { detail: `${next} has taken its place already.` });
}
