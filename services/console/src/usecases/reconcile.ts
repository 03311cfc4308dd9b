import { isRedisUnavailable } from '@watchword/platform';
import type { ConfigurationStore, PublishedCopies, PublishingObserver, QuotaSeeds } from '../ports.ts';
import { WRITE_WITHIN_MS } from './carry-out-change.ts';
import { eachOf } from './each-of.ts';
import type { PublishProject } from './publish-project.ts';

export interface ReconcileDeps {
  readonly configuration: Pick<ConfigurationStore, 'projects'>;
  readonly copies: Pick<PublishedCopies, 'isPublished' | 'markPublished' | 'epochOf' | 'ownAgain'>;
  readonly quotas: QuotaSeeds;
  readonly publishProject: PublishProject;
  readonly ensureRootProject: () => Promise<void>;
  readonly observer: Pick<PublishingObserver, 'foundForeignCopies'>;
  readonly now: () => number;
}

/**
 * A mark this old is nobody's any more: its change has been written, or never will be. Much longer than a change may take:
 * a database that hung may carry out a write long after its caller stopped waiting for it.
 */
export const MARK_DEAD_MS = 60_000;
/** A change under a mark this old is written, unless its database hangs: what was published before may be without it. */
const MARK_WRITTEN_MS = WRITE_WITHIN_MS + 2_000;
/** How often all copies are compared with the database: a failover, or a restored backup, makes them differ. */
const COMPARE_EVERY_MS = 60_000;

export type Reconcile = ReturnType<typeof createReconcile>;

type Age = 'young' | 'written' | 'dead';
const ageOf = (ms: number): Age => (ms > MARK_DEAD_MS ? 'dead' : ms > MARK_WRITTEN_MS ? 'written' : 'young');

interface Failure {
  readonly project: string;
  readonly error: unknown;
}

/** One round of putting right what a change that was cut off, an emptied Redis or a failover left behind. */
export function createReconcile(deps: ReconcileDeps) {
  const { configuration, copies, quotas, publishProject, ensureRootProject, observer, now } = deps;
  const { projects } = configuration;
  /** By project: the mark under which it was published here already, and how old that was. */
  const publishedAt = new Map<string, { readonly at: number; readonly age: Age }>();
  let comparedAt = Number.NEGATIVE_INFINITY;
  let isKnownAsOurs = false;

  /** Works on each, whatever becomes of the others, as long as Redis and the database serve at all. */
  async function eachProject<T extends { readonly project: string }>(
    all: readonly T[],
    work: (one: T) => Promise<void>,
  ): Promise<Failure[]> {
    const outcomes = await eachOf(all, async (one) => {
      try {
        await work(one);
        return [];
      } catch (error) {
        await copies.isPublished();
        await projects.isEmpty();
        return [{ project: one.project, error }];
      }
    });
    return outcomes.flat();
  }

  /**
   * Publishes what is marked. A mark is cleared only when it is old enough for every change behind it to have been written:
   * younger ones are published now, so that nobody waits, once more when a change is written as a rule, and when they are old.
   */
  async function publishMarked(): Promise<Failure[]> {
    const marked = await projects.unpublished(Number.MAX_SAFE_INTEGER);
    const failures = await eachProject(marked, async (mark) => {
      const { project, at } = mark;
      const age = ageOf(now() - at);
      const last = publishedAt.get(project);
      if (age !== 'dead' && last?.at === at && last.age === age) return;
      await publishAgain(project);
      publishedAt.set(project, { at, age });
      if (age === 'dead') await projects.clearMarks([mark]);
    });
    const seen = new Set(marked.map(({ project }) => project));
    for (const project of publishedAt.keys()) if (!seen.has(project)) publishedAt.delete(project);
    return failures;
  }

  /** What was sent counts before a key works again. */
  async function publishAgain(project: string): Promise<void> {
    await quotas.seed(project);
    await publishProject(project);
  }

  async function publishEverything(): Promise<Failure[]> {
    if (await copies.isPublished()) return [];
    await ensureRootProject();
    const all = (await projects.ids()).map((project) => ({ project }));
    const failures = await eachProject(all, ({ project }) => publishAgain(project));
    // A part of Redis is away: its projects' keys are not unknown, and nobody may be told so.
    if (failures.some(({ error }) => isRedisUnavailable(error))) return failures;
    // What is wrong with one project keeps no other one's keys from being told from unknown ones.
    await eachOf(failures, ({ project }) => projects.markChanging(project, now()));
    await copies.markPublished();
    return failures;
  }

  /**
   * A copy that is older than the database's was lost by a failover; one that is newer is from before a backup was restored.
   * The rest of what the gateways need lies beside the copies, and is lost by itself.
   */
  async function publishOutdated(): Promise<Failure[]> {
    if (now() - comparedAt < COMPARE_EVERY_MS) return [];
    const failures = await eachProject(await projects.epochs(), async ({ project, epoch }) => {
      if ((await copies.epochOf(project)) !== epoch) return publishAgain(project);
      await quotas.seed(project);
      await copies.ownAgain(project);
    });
    comparedAt = now();
    return failures;
  }

  /** Before anything is published: afterwards nobody could tell. */
  async function lookForForeignCopies(): Promise<void> {
    if (isKnownAsOurs) return;
    if ((await copies.isPublished()) && (await projects.isEmpty())) observer.foundForeignCopies();
    isKnownAsOurs = true;
  }

  /** Throws what is wrong with the first project that could not be published, when all others were. */
  return async function reconcile(): Promise<void> {
    await lookForForeignCopies();
    const failures = [...(await publishEverything()), ...(await publishMarked()), ...(await publishOutdated())];
    const [first] = failures;
    if (first === undefined) return;
    throw new Error(`Project ${first.project} cannot be published`, { cause: first.error });
  };
}
