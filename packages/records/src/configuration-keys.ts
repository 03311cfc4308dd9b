import { apiKeys } from './collections/configuration.ts';
import { createShelf } from './configuration-shelf.ts';
import type { Store } from './store.ts';

/** The API keys of projects. Those that were revoked or have expired stay, so that the audit can name them. */
export function createKeys(store: Store) {
  const shelf = createShelf(store, apiKeys, 'created_at');
  return {
    ...shelf,

    /** Neither revoked nor expired. However many have ended, they take no room from these. */
    async valid(project: string, now: number) {
      const unrevoked = { revoked_at: null };
      const [endless, ending] = await Promise.all([
        shelf.ofProject(project, { ...unrevoked, expires_at: null }),
        shelf.ofProject(project, { ...unrevoked, expires_at: { gt: now } }),
      ]);
      return [...endless, ...ending];
    },
  };
}
