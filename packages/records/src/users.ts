import { type UserDocument, users } from './collections/accounts.ts';
import type { Store } from './store.ts';

const MANY = 10_000;

/** Who may use the console. */
export function createUsers(store: Store) {
  return {
    /** `exists`: somebody has this address. */
    addUser: (user: UserDocument): Promise<'inserted' | 'exists'> => store.insert(users, user),

    listUsers: (): Promise<UserDocument[]> => store.find(users, { limit: MANY }),

    /** Whether somebody may do everything. */
    async hasOwner(): Promise<boolean> {
      const everybody = await store.find(users, { limit: MANY });
      return everybody.some(({ roles, status }) => roles['*'] === 'owner' && status === 'active');
    },
  };
}
