import {
  type ChangeOwnProject,
  type ChangeProject,
  type CreateProject,
  type Limits,
  type Pause,
  ROOT_PROJECT,
} from '@watchword/contracts';
import { AppError, type HopContext } from '@watchword/platform';
import type { ProjectDocument, ProviderDocument } from '@watchword/records';
import { toProject } from '../domain/answers.ts';
import { requireMatch, versionDiffers } from '../domain/entity-tag.ts';
import { newId } from '../domain/new-id.ts';
import { refuseField } from '../domain/refusals.ts';
import type { ConfigurationStore } from '../ports.ts';
import type { CarryOutChange, Change } from './carry-out-change.ts';
import type { PublishProject } from './publish-project.ts';
import { PLANS, type TakeTurns } from './take-turns.ts';

export interface ProjectsDeps {
  readonly configuration: ConfigurationStore;
  readonly carryOutChange: CarryOutChange;
  readonly publishProject: PublishProject;
  readonly takeTurns: TakeTurns;
  readonly endPairing: (provider: ProviderDocument) => Promise<void>;
  readonly now: () => number;
}

const NO_LIMITS: Limits = { project_sends_per_hour: null, user_sends_per_minute: null, ip_sends_per_hour: null };
const NO_PAUSE: Pause = { all: false, countries: [] };
const BELONGINGS = ['keys', 'policies', 'templates', 'routes', 'providers', 'lists'] as const;

const noSuchPlan = () => refuseField('not_found', '/plan', 'There is no such plan');
const noSuchProject = () => new AppError('not_found', { detail: 'There is no such project.' });

export function createProjectUseCases(deps: ProjectsDeps) {
  const { configuration, carryOutChange, publishProject, takeTurns, endPairing, now } = deps;
  const { projects, plans } = configuration;

  /** The root key's project is there before anybody made it. It sends everywhere, as the platform does without a database. */
  async function ensureRootProject(): Promise<void> {
    if ((await projects.read(ROOT_PROJECT)) !== null) return;
    await projects.create(newRootProject(now()));
  }

  async function requireProject(id: string): Promise<ProjectDocument> {
    if (id === ROOT_PROJECT) await ensureRootProject();
    const known = await projects.read(id);
    if (known === null) throw noSuchProject();
    return known;
  }

  async function requirePlan(plan: string | null | undefined): Promise<void> {
    if (typeof plan === 'string' && (await plans.read(plan)) === null) throw noSuchPlan();
  }

  /** No plan is deleted here while a project gets one. */
  const inTurn = <T>({ plan }: Pick<ChangeProject, 'plan'>, work: () => Promise<T>): Promise<T> =>
    typeof plan === 'string' ? takeTurns(PLANS, work) : work();

  /** Asked after the write: another console that deletes the plan looks for its projects after that. */
  const isPlanGone = async ({ plan }: Pick<ChangeProject, 'plan'>): Promise<boolean> =>
    typeof plan === 'string' && (await plans.read(plan)) === null;

  /** As it was before a change that may not be, also where that was published meanwhile. */
  async function takeBack(known: ProjectDocument): Promise<void> {
    const { name, status, plan, limits, pause, sms_countries, retention_days } = known;
    const former = { name, status, plan, limits, pause, sms_countries, retention_days, updated_at: now() };
    await projects.change({ ...known, version: known.version + 1 }, former);
    await publishProject(known.id);
  }

  function describe<T>(
    verb: string,
    id: string,
    [before, after]: readonly [ProjectDocument | null, ProjectDocument | null],
    write: Change<T>['write'],
  ): Change<T> {
    const entry = {
      action: `project.${verb}`,
      resource: 'project',
      resourceId: id,
      before: before && toProject(before),
      after: after && toProject(after),
    };
    return { project: id, entry, concerned: async () => [id], write };
  }

  const changeProject = (id: string, wanted: ChangeProject, context: HopContext): Promise<ProjectDocument> =>
    takeTurns(id, () => inTurn(wanted, () => changeInTurn(id, wanted, context)));

  async function changeInTurn(id: string, wanted: ChangeProject, context: HopContext): Promise<ProjectDocument> {
    const known = await requireProject(id);
    requireMatch(context.ifMatch, known);
    await requirePlan(wanted.plan);
    if (id === ROOT_PROJECT && wanted.status === 'suspended') {
      throw new AppError('in_use', { detail: 'The root key’s project cannot be suspended; pause it instead.' });
    }
    const set = { ...mergeChange(known, wanted), updated_at: now() };
    const next = { ...known, ...set, version: known.version + 1 };
    const written = await carryOutChange(
      describe('change', id, [known, next], async () => {
        if ((await projects.change(known, set)) !== 'changed') return undefined;
        if (!(await isPlanGone(wanted))) return next;
        await takeBack(known);
        return undefined;
      }),
      context,
    );
    if (written !== undefined) return written;
    await requirePlan(wanted.plan);
    throw versionDiffers();
  }

  const deleteProject = (id: string, context: HopContext): Promise<undefined> =>
    takeTurns(id, async () => {
      const known = await requireProject(id);
      requireMatch(context.ifMatch, known);
      await requireUnused(known);
      const removed = await carryOutChange(
        describe('delete', id, [known, null], () => removeWhole(known)),
        context,
      );
      if (removed === undefined) throw versionDiffers();
      return undefined;
    });

  /** The project last: a deletion that was cut off can be repeated. What stays of it keeps its copy empty. */
  async function removeWhole(known: ProjectDocument): Promise<true | undefined> {
    if ((await projects.change(known, { updated_at: now() })) !== 'changed') return undefined;
    for (const provider of await configuration.providers.ofProject(known.id)) await endPairing(provider);
    for (const shelf of BELONGINGS) await configuration[shelf].removeAll(known.id);
    const claimed = { ...known, version: known.version + 1 };
    return (await projects.remove(claimed, now())) === 'removed' ? true : undefined;
  }

  async function requireUnused({ id, status }: ProjectDocument): Promise<void> {
    if (id === ROOT_PROJECT) throw new AppError('in_use', { detail: 'The root key belongs to it.' });
    if (status !== 'suspended') throw new AppError('in_use', { detail: 'Suspend it first.' });
    if ((await configuration.keys.valid(id, now())).length > 0) {
      throw new AppError('in_use', { detail: 'It has valid API keys: revoke them first.' });
    }
  }

  async function createInTurn(wanted: CreateProject, context: HopContext): Promise<ProjectDocument> {
    await requirePlan(wanted.plan);
    const id = newId('prj', now());
    const document = toDocument(id, wanted, now());
    const write = async () => {
      if ((await projects.create(document)) !== 'inserted') return undefined;
      if (!(await isPlanGone(wanted))) return document;
      await projects.withdraw(id);
      return undefined;
    };
    // There is no mark before there is a project: it is made with one, and the loop publishes it if this ends here.
    const mark = { project: id, at: document.created_at, isSole: true };
    const made = await carryOutChange({ ...describe('create', id, [null, document], write), mark }, context);
    if (made !== undefined) return made;
    await requirePlan(wanted.plan);
    throw new AppError('internal');
  }

  return {
    ensureRootProject,
    requireProject,
    changeProject,
    deleteProject,

    createProject: (wanted: CreateProject, context: HopContext): Promise<ProjectDocument> =>
      inTurn(wanted, () => createInTurn(wanted, context)),

    changeOwnProject: (wanted: ChangeOwnProject, context: HopContext) =>
      changeProject(context.project, wanted, context),
  };
}

export type ProjectUseCases = ReturnType<typeof createProjectUseCases>;

export const newRootProject = (now: number) =>
  toDocument(ROOT_PROJECT, { name: ROOT_PROJECT, sms_countries: null }, now);

type NewProject = Pick<CreateProject, 'name' | 'sms_countries'> & Partial<CreateProject>;

function toDocument(id: string, wanted: NewProject, now: number): ProjectDocument {
  return {
    id,
    name: wanted.name,
    status: 'active',
    plan: wanted.plan ?? null,
    limits: { ...NO_LIMITS, ...definedOf(wanted.limits) },
    pause: { ...NO_PAUSE, ...definedOf(wanted.pause) },
    sms_countries: wanted.sms_countries,
    retention_days: wanted.retention_days ?? null,
    config_epoch: 0,
    unpublished_since: now,
    created_at: now,
    updated_at: now,
    version: 1,
  };
}

/** The fields that change; parts of limits and of the pause change one by one. */
function mergeChange(known: ProjectDocument, wanted: ChangeProject) {
  const { limits, pause, ...others } = wanted;
  return definedOf({
    ...others,
    limits: limits === undefined ? undefined : { ...known.limits, ...definedOf(limits) },
    pause: pause === undefined ? undefined : { ...known.pause, ...definedOf(pause) },
  });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that are undefined: they would unset what they do not name. */
function definedOf<T extends object>(given: T | undefined): Defined<T> {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)) as Defined<T>;
}
