import type { ConfigurationStore, PublishedCopies, PublishingObserver } from '../ports.ts';

export interface PublishProjectDeps {
  readonly configuration: Pick<ConfigurationStore, 'projects' | 'snapshot'>;
  readonly copies: Pick<PublishedCopies, 'publish' | 'epochOf'>;
  readonly now: () => number;
  readonly observer: Pick<PublishingObserver, 'published'>;
}

export type PublishProject = ReturnType<typeof createPublishProject>;

/**
 * Puts a project's whole configuration where the services read it. The epoch is taken first and everything is read after
 * that, so that a copy holds every change whose epoch is as old, and a newer copy holds all that an older one does.
 */
export function createPublishProject({ configuration, copies, now, observer }: PublishProjectDeps) {
  async function publishAbove(project: string, floor: number): Promise<'published' | 'older' | 'gone'> {
    const epoch = await configuration.projects.takeEpoch(project, Math.max(now(), floor + 1));
    const parts = epoch === null ? null : await configuration.snapshot(project, now());
    return epoch === null || parts === null ? 'gone' : copies.publish(project, epoch, parts);
  }

  /** The epoch of a copy that is from before the database was restored; null when the copy is of this database. */
  async function epochOfForeign(project: string): Promise<number | null> {
    // In this order: whatever this database has published was taken from it before.
    const published = await copies.epochOf(project);
    const kept = await configuration.projects.readKept(project);
    return kept !== null && published > kept.config_epoch ? published : null;
  }

  /** `gone`: there never was such a project. */
  return async function publishProject(project: string): Promise<'published' | 'gone'> {
    try {
      let result = await publishAbove(project, 0);
      const foreign = result === 'older' ? await epochOfForeign(project) : null;
      if (foreign !== null) result = await publishAbove(project, foreign);
      if (result === 'gone') return 'gone';
      observer.published(result);
      return 'published';
    } catch (error) {
      observer.published('failed');
      throw error;
    }
  };
}
