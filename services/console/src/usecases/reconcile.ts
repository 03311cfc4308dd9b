import type { ConfigurationStore, PublishedCopies, QuotaSeeds } from '../ports.ts';
import { WRITE_WITHIN_MS } from './carry-out-change.ts';
import { eachOf } from './each-of.ts';
import type { PublishProject } from './publish-project.ts';

export interface ReconcileDeps {
  readonly configuration: Pick<ConfigurationStore, 'projects'>;
  readonly copies: Pick<PublishedCopies, 'isPublished' | 'markPublished' | 'epochOf'>;
  readonly quotas: QuotaSeeds;
  readonly publishProject: PublishProject;
  readonly ensureRootProject: () => Promise<void>;
  readonly now: () => number;
}

/** A mark this old is nobody's any more: its change has been written, or never will be. */
export const MARK_DEAD_MS = 2 * WRITE_WITHIN_MS;
/** How often all copies are compared with the database: a failover may have lost some that were published. */
const COMPARE_EVERY_MS = 60_000;

export type Reconcile = ReturnType<typeof createReconcile>;

/** One round of putting right what a change that was cut off, an emptied Redis or a failover left behind. */
export function createReconcile(deps: ReconcileDeps) {
  const { configuration, copies, quotas, publishProject, ensureRootProject, now } = deps;
  /** By project: the mark under which it was published here already. */
  const publishedAt = new Map<string, number>();
  let comparedAt = Number.NEGATIVE_INFINITY;

  /**
   * Publishes what is marked. A mark is cleared only when it is old enough for every change behind it to have been written:
   * younger ones are published now, so that nobody waits, and once more when they are old.
   */
  async function publishMarked(): Promise<void> {
    const seen = new Set<string>();
    for (const { project, at } of await configuration.projects.unpublished(Number.MAX_SAFE_INTEGER)) {
      seen.add(project);
      const isDead = now() - at > MARK_DEAD_MS;
      if (!isDead && publishedAt.get(project) === at) continue;
      await publishProject(project);
      publishedAt.set(project, at);
      if (isDead) await configuration.projects.clearMark({ project, at });
    }
    for (const project of publishedAt.keys()) if (!seen.has(project)) publishedAt.delete(project);
  }

  /** What was sent counts before a key works again. */
  async function publishEverything(): Promise<void> {
    await ensureRootProject();
    await eachOf(await configuration.projects.ids(), async (project) => {
      await quotas.seed(project);
      await publishProject(project);
    });
    await copies.markPublished();
  }

  async function publishOutdated(): Promise<void> {
    if (now() - comparedAt < COMPARE_EVERY_MS) return;
    await eachOf(await configuration.projects.epochs(), async ({ project, epoch }) => {
      if ((await copies.epochOf(project)) < epoch) await publishProject(project);
    });
    comparedAt = now();
  }

  return async function reconcile(): Promise<void> {
    if (!(await copies.isPublished())) await publishEverything();
    await publishMarked();
    await publishOutdated();
  };
}
