import { AppError, type HopContext, isRedisUnavailable } from '@watchword/platform';
import { type ChangeMark, RecordsUnavailable } from '@watchword/records';
import { newId } from '../domain/new-id.ts';
import type { Audit, ConfigurationStore } from '../ports.ts';
import { eachOf } from './each-of.ts';
import type { PublishProject } from './publish-project.ts';

export interface CarryOutChangeDeps {
  readonly configuration: Pick<ConfigurationStore, 'projects'>;
  readonly audit: Pick<Audit, 'append' | 'withdraw'>;
  readonly publishProject: PublishProject;
  readonly now: () => number;
  /** Monotonic, ms. */
  readonly elapsed?: () => number;
}

/** What the audit says of a change. */
export interface ChangeEntry {
  readonly action: string;
  readonly resource: string;
  readonly resourceId: string;
  /** Without secrets. */
  readonly before: unknown;
  readonly after: unknown;
}

export interface Change<T> {
  readonly entry: ChangeEntry;
  /** The project that the audit files it under; null for what concerns the platform. */
  readonly project: string | null;
  /** Projects whose copies the change concerns, as of now: asked before the write, and again after it. */
  concerned(): Promise<readonly string[]>;
  /** That the write itself sets, of a project that it makes. */
  readonly mark?: ChangeMark;
  /** The one write. `undefined`: somebody else was faster, and nothing was changed. */
  write(): Promise<T | undefined>;
}

export type CarryOutChange = ReturnType<typeof createCarryOutChange>;

/** A write that comes later than this after its mark is refused: the mark may have been taken for a dead change's. */
export const WRITE_WITHIN_MS = 5_000;

const UNCHANGED = 'The database does not answer: nothing was changed.';
const PERHAPS_CHANGED =
  'The database did not answer in time: perhaps it was changed. Read it before you repeat the call.';

/**
 * Carries out one change: the projects that it concerns are marked as unpublished, the audit entry is written, then the change
 * itself, then the copies are published and the marks cleared. Whatever fails in between, a marked project is published
 * again by the reconcile loop, so that no change stays unpublished; and no change goes unrecorded, since its entry is there
 * before it.
 */
export function createCarryOutChange(deps: CarryOutChangeDeps) {
  const { configuration, audit, publishProject, now, elapsed = () => performance.now() } = deps;

  async function prepare(change: Change<unknown>, context: HopContext) {
    const marked = await eachOf(await change.concerned(), (project) =>
      configuration.projects.markChanging(project, now()),
    );
    const { entry } = change;
    const id = newId('aud', now());
    await audit.append({
      id,
      project: change.project,
      actor: context.key,
      action: entry.action,
      resource: entry.resource,
      resource_id: entry.resourceId,
      before: entry.before ?? null,
      after: entry.after ?? null,
      request_id: context.requestId,
      at: now(),
    });
    return { id, marks: marked.filter((mark): mark is ChangeMark => mark !== null) };
  }

  async function publish(project: string, known: ChangeMark | undefined): Promise<void> {
    const mark = known ?? (await configuration.projects.markChanging(project, now()));
    await publishProject(project);
    // Another's mark was there before: its change may still be on its way, and the loop clears both.
    if (mark?.isSole === true) await configuration.projects.clearMark(mark);
  }

  async function withdraw({ id, marks }: Awaited<ReturnType<typeof prepare>>): Promise<void> {
    await audit.withdraw(id);
    await eachOf(
      marks.filter(({ isSole }) => isSole),
      (mark) => configuration.projects.clearMark(mark),
    );
  }

  /** Resolves once every copy holds the change; undefined when somebody else was faster. */
  return async function carryOutChange<T>(change: Change<T>, context: HopContext): Promise<T | undefined> {
    const startedAt = elapsed();
    const prepared = await prepare(change, context).catch(whenAway(UNCHANGED));
    if (elapsed() - startedAt > WRITE_WITHIN_MS || now() > context.deadline) {
      await withdraw(prepared).catch(whenAway(UNCHANGED));
      throw new AppError('unavailable', { detail: 'The database was too slow: nothing was changed.' });
    }
    const written = await change.write().catch(whenAway(PERHAPS_CHANGED));
    if (written === undefined) {
      await withdraw(prepared).catch(whenAway(UNCHANGED));
      return undefined;
    }
    const marks = new Map(
      [...prepared.marks, ...(change.mark ? [change.mark] : [])].map((mark) => [mark.project, mark]),
    );
    try {
      // Who came to be concerned since then may have been published without the change.
      const projects = new Set([...marks.keys(), ...(await change.concerned())]);
      await eachOf([...projects], (project) => publish(project, marks.get(project)));
    } catch (error) {
      throw storedOnly(error);
    }
    return written;
  };
}

const whenAway = (detail: string) => (error: unknown) => {
  throw error instanceof RecordsUnavailable ? new AppError('unavailable', { detail, cause: error }) : error;
};

function storedOnly(error: unknown): unknown {
  const isRedis = error instanceof Error && isRedisUnavailable(error);
  if (!isRedis && !(error instanceof RecordsUnavailable)) return error;
  const who = isRedis ? 'Redis does' : 'the database does';
  return new AppError('unavailable', {
    detail: `The change is stored but not published yet: it takes effect as soon as ${who} answer again. Do not repeat the call.`,
    cause: error,
  });
}
