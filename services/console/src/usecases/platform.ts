import type { ChangePlan, ChangePlatform, CreatePlan } from '@watchword/contracts';
import { AppError, type HopContext } from '@watchword/platform';
import type { PlanDocument, PlatformSettingsDocument } from '@watchword/records';
import { toPlan, toPlatform } from '../domain/answers.ts';
import { requireMatch, versionDiffers } from '../domain/entity-tag.ts';
import { newId } from '../domain/new-id.ts';
import type { ConfigurationStore } from '../ports.ts';
import type { CarryOutChange, Change } from './carry-out-change.ts';
import { PLANS, type TakeTurns } from './take-turns.ts';

export interface PlatformDeps {
  readonly configuration: ConfigurationStore;
  readonly carryOutChange: CarryOutChange;
  readonly takeTurns: TakeTurns;
  readonly ensureRootProject: () => Promise<void>;
  readonly now: () => number;
}

const PLATFORM = 'platform';

/** What holds for several projects: a change of it is published for each of them. */
export function createPlatformUseCases(deps: PlatformDeps) {
  const { configuration, carryOutChange, takeTurns, ensureRootProject, now } = deps;
  const { plans, platform, projects } = configuration;

  async function requirePlan(id: string): Promise<PlanDocument> {
    const known = await plans.read(id);
    if (known === null) throw new AppError('not_found', { detail: 'There is no such plan.' });
    return known;
  }

  async function requireUnused(id: string): Promise<void> {
    const { length } = await projects.ids(id);
    if (length === 0) return;
    const who = length === 1 ? 'A project has' : `${length} projects have`;
    throw new AppError('in_use', { detail: `${who} this plan.` });
  }

  /** Another console may give it to a project meanwhile: who comes later, this or that, sees the other. */
  async function removeUnused(known: PlanDocument): Promise<PlanDocument | undefined> {
    if ((await plans.remove(known)) !== 'removed') return undefined;
    if ((await projects.ids(known.id)).length === 0) return known;
    await plans.create(known);
    return undefined;
  }

  const ofPlan = (
    verb: string,
    id: string,
    [before, after]: readonly [PlanDocument | null, PlanDocument | null],
  ): Pick<Change<never>, 'project' | 'concerned' | 'entry'> => ({
    project: null,
    concerned: () => projects.ids(id),
    entry: {
      action: `plan.${verb}`,
      resource: 'plan',
      resourceId: id,
      before: before && toPlan(before),
      after: after && toPlan(after),
    },
  });

  return {
    requirePlan,

    async createPlan(wanted: CreatePlan, context: HopContext): Promise<PlanDocument> {
      const made = { ...wanted, id: newId('pln', now()), created_at: now(), updated_at: now(), version: 1 };
      const write = async () => ((await plans.create(made)) === 'inserted' ? made : undefined);
      const written = await carryOutChange({ ...ofPlan('create', made.id, [null, made]), write }, context);
      if (written === undefined) throw new AppError('internal');
      return written;
    },

    async changePlan(id: string, wanted: ChangePlan, context: HopContext): Promise<PlanDocument> {
      const known = await requirePlan(id);
      requireMatch(context.ifMatch, known);
      const set = {
        name: wanted.name ?? known.name,
        monthly_sends: wanted.monthly_sends === undefined ? known.monthly_sends : wanted.monthly_sends,
        updated_at: now(),
      };
      const next = { ...known, ...set, version: known.version + 1 };
      const write = async () => ((await plans.change(known, set)) === 'changed' ? next : undefined);
      const written = await carryOutChange({ ...ofPlan('change', id, [known, next]), write }, context);
      if (written === undefined) throw versionDiffers();
      return written;
    },

    deletePlan: (id: string, context: HopContext): Promise<undefined> =>
      takeTurns(PLANS, async () => {
        const known = await requirePlan(id);
        requireMatch(context.ifMatch, known);
        await requireUnused(id);
        const write = () => removeUnused(known);
        const written = await carryOutChange({ ...ofPlan('delete', id, [known, null]), write }, context);
        if (written !== undefined) return undefined;
        await requireUnused(id);
        throw versionDiffers();
      }),

    readPlatform: (): Promise<PlatformSettingsDocument> => platform.read(now()),

    async changePlatform({ pause }: ChangePlatform, context: HopContext): Promise<PlatformSettingsDocument> {
      const known = await platform.read(now());
      requireMatch(context.ifMatch, known);
      // A project without a copy would not hear of a pause.
      await ensureRootProject();
      const set = {
        pause: { all: pause.all ?? known.pause.all, countries: pause.countries ?? known.pause.countries },
        updated_at: now(),
      };
      const next = { ...known, ...set, version: known.version + 1 };
      const written = await carryOutChange(
        {
          project: null,
          concerned: () => projects.ids(),
          isForAll: true,
          entry: {
            action: 'platform.change',
            resource: PLATFORM,
            resourceId: PLATFORM,
            before: toPlatform(known),
            after: toPlatform(next),
          },
          write: async () => ((await platform.change(known, set)) === 'changed' ? next : undefined),
        },
        context,
      );
      if (written === undefined) throw versionDiffers();
      return written;
    },
  };
}
