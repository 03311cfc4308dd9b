import type { Records, UserDocument } from '@watchword/records';
import type { Sealer } from '@watchword/verifications';
import { unsealIfHeld } from '@watchword/verifications';

export interface FindAdminsOptions {
  readonly records: Pick<Records, 'listUsers'>;
  readonly sealer: Pick<Sealer, 'unseal'>;
  /** For projects that have nobody. */
  readonly fallback: string | undefined;
}

const ANSWERABLE: ReadonlySet<string | undefined> = new Set(['owner', 'admin']);
/** A notice is no mailing list. */
const ADMINS_MAX = 20;

/** Addresses of those who answer for a project: its owners and admins, and the platform's. */
export function createFindAdmins({ records, sealer, fallback }: FindAdminsOptions) {
  return async function findAdmins(project: string): Promise<string[]> {
    const users = (await records.listUsers()).filter(
      ({ roles, status }) => status === 'active' && (ANSWERABLE.has(roles[project]) || ANSWERABLE.has(roles['*'])),
    );
    const addresses = users.flatMap(({ id, email }: UserDocument) => unsealIfHeld(sealer, email, id, 'email') ?? []);
    if (addresses.length > 0) return addresses.slice(0, ADMINS_MAX);
    return fallback === undefined ? [] : [fallback];
  };
}

export type FindAdmins = ReturnType<typeof createFindAdmins>;
