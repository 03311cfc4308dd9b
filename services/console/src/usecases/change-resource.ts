import type { HopContext } from '@watchword/platform';
import type { ChangeOutcome, Page, PageCursor, Versioned } from '@watchword/records';
import { ANY_VERSION, requireMatch, versionDiffers } from '../domain/entity-tag.ts';
import { alreadyExists, limitReached, notFound } from '../domain/refusals.ts';
import type { CarryOutChange, Change } from './carry-out-change.ts';
import type { TakeTurns } from './take-turns.ts';

interface Owned extends Versioned {
  readonly project: string;
  readonly updated_at: number;
}

/** Documents of one kind, as `Configuration` keeps them. */
export interface ResourceShelf<D> {
  create(document: D): Promise<'inserted' | 'exists'>;
  read(project: string, id: string): Promise<D | null>;
  list(project: string, after: PageCursor | null, limit: number): Promise<Page<D>>;
  ofProject(project: string): Promise<D[]>;
  change(known: D, next: D): Promise<ChangeOutcome>;
  remove(known: Versioned): Promise<'removed' | 'stale'>;
}

export interface ResourceKind<D, A> {
  /** `policy`: in the audit, and in what callers read. */
  readonly noun: string;
  readonly plural: string;
  readonly most: number;
  readonly shelf: ResourceShelf<D>;
  /** What callers see, and the audit keeps. */
  readonly toAnswer: (document: D) => A;
  /** Counts against `most`; all do when it is left out. */
  readonly counts?: (document: D) => boolean;
  /** What may be there only once. */
  readonly unique: string;
}

/** What a change makes of a document. Throws when it may not be. */
export type Edit<D> = (known: D) => Partial<D> | Promise<Partial<D>>;

export interface ChangeResourceDeps {
  readonly carryOutChange: CarryOutChange;
  readonly takeTurns: TakeTurns;
  readonly now: () => number;
}

/** A change that names no version is tried on the next one when somebody else was faster. */
const TRIES_MAX = 5;

/** Making, changing and deleting documents of one kind, in their project, each change published when it is answered. */
export function createChangeResource<D extends Owned, A>(kind: ResourceKind<D, A>, deps: ChangeResourceDeps) {
  const { noun, shelf, toAnswer } = kind;
  const { carryOutChange, takeTurns, now } = deps;

  async function require(project: string, id: string): Promise<D> {
    const known = await shelf.read(project, id);
    if (known === null) throw notFound(noun);
    return known;
  }

  const ofProject = (
    project: string,
    verb: string,
    resourceId: string,
    [before, after]: readonly [D | null, D | null],
  ): Pick<Change<D>, 'project' | 'concerned' | 'entry'> => ({
    project,
    concerned: async () => [project],
    entry: {
      action: `${noun}.${verb}`,
      resource: noun,
      resourceId,
      before: before && toAnswer(before),
      after: after && toAnswer(after),
    },
  });

  /** Throws for what keeps the project from having one more. */
  async function requireRoom(project: string): Promise<void> {
    const all = await shelf.ofProject(project);
    const count = kind.counts === undefined ? all.length : all.filter(kind.counts).length;
    if (count >= kind.most) throw limitReached(kind.plural, kind.most);
  }

  async function change(
    context: HopContext,
    id: string,
    verb: string,
    edit: Edit<D>,
    ifMatch: string | undefined,
  ): Promise<D> {
    const { project } = context;
    for (let tries = 1; ; tries += 1) {
      const known = await require(project, id);
      requireMatch(ifMatch, known);
      const next = { ...known, ...(await edit(known)), updated_at: now(), version: known.version + 1 };
      let outcome: ChangeOutcome = 'stale';
      const written = await carryOutChange<D>(
        {
          ...ofProject(project, verb, id, [known, next]),
          write: async () => {
            outcome = await shelf.change(known, next);
            return outcome === 'changed' ? next : undefined;
          },
        },
        context,
      );
      if (written !== undefined) return written;
      if ((outcome as ChangeOutcome) === 'exists') throw alreadyExists(kind.unique);
      if (ifMatch?.trim() !== ANY_VERSION || tries === TRIES_MAX) throw versionDiffers();
    }
  }

  return {
    async read(context: HopContext, id: string): Promise<D> {
      return require(context.project, id);
    },

    /** `make` checks what the project must have for it. Throws `already_exists`, `limit_reached`. */
    create(context: HopContext, make: (now: number) => D | Promise<D>, project = context.project): Promise<D> {
      return takeTurns(project, async () => {
        const document = await make(now());
        await requireRoom(project);
        const written = await carryOutChange<D>(
          {
            ...ofProject(project, 'create', document.id, [null, document]),
            write: async () => ((await shelf.create(document)) === 'inserted' ? document : undefined),
          },
          context,
        );
        if (written === undefined) throw alreadyExists(kind.unique);
        return written;
      });
    },

    /** Of the version that `If-Match` names. */
    change(context: HopContext, id: string, edit: Edit<D>, verb = 'change'): Promise<D> {
      return takeTurns(context.project, () => change(context, id, verb, edit, context.ifMatch));
    },

    /** A switch: of whatever version there is. */
    turn(context: HopContext, id: string, verb: string, edit: Edit<D>): Promise<D> {
      return takeTurns(context.project, () => change(context, id, verb, edit, ANY_VERSION));
    },

    /** `check` throws for what depends on it. */
    remove(context: HopContext, id: string, check?: (known: D) => Promise<void>): Promise<undefined> {
      const { project } = context;
      return takeTurns(project, async () => {
        const known = await require(project, id);
        requireMatch(context.ifMatch, known);
        await check?.(known);
        const written = await carryOutChange<true>(
          {
            ...ofProject(project, 'delete', id, [known, null]),
            write: async () => ((await shelf.remove(known)) === 'removed' ? true : undefined),
          },
          context,
        );
        if (written === undefined) throw versionDiffers();
        return undefined;
      });
    },
  };
}
