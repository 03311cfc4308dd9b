import type { ConfigurationStore, PublishedCopies, PublishingObserver } from '../ports.ts';

export interface PublishProjectDeps {
  readonly configuration: Pick<ConfigurationStore, 'projects' | 'snapshot'>;
  readonly copies: Pick<PublishedCopies, 'publish'>;
  readonly now: () => number;
  readonly observer: PublishingObserver;
}

export type PublishProject = ReturnType<typeof createPublishProject>;

/**
 * Puts a project's whole configuration where the services read it. The epoch is taken first and everything is read after
 * that, so that a copy holds every change whose epoch is as old, and a newer copy holds all that an older one does.
 */
export function createPublishProject({ configuration, copies, now, observer }: PublishProjectDeps) {
  /** `gone`: there is no such project (any more). */
  return async function publishProject(project: string): Promise<'published' | 'gone'> {
    try {
      const epoch = await configuration.projects.takeEpoch(project, now());
      const parts = epoch === null ? null : await configuration.snapshot(project, now());
      if (epoch === null || parts === null) return 'gone';
      observer.published(await copies.publish(project, epoch, parts));
      return 'published';
    } catch (error) {
      observer.published('failed');
      throw error;
    }
  };
}
