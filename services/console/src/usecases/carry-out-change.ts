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
  /** It concerns every project: they are marked at once, however many there are. */
  readonly isForAll?: boolean;
  /** That the write itself sets, of a project that it makes. */
  readonly mark?: ChangeMark;
  /** The one write. `undefined`: somebody else was faster, and nothing was changed. */
  write(): Promise<T | undefined>;
}

export type CarryOutChange = ReturnType<typeof createCarryOutChange>;

/** A write that comes later than this after its mark is refused: the mark must not be taken for a dead change's. */
export const WRITE_WITHIN_MS = 5_000;
/** How long an answer waits for many projects' copies: the gateway waits for 5 s altogether. The loop sees to the others. */
const PUBLISH_WITHIN_MS = 3_000;

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
  const { projects } = configuration;

  async function prepare(change: Change<unknown>, context: HopContext) {
    const marked = change.isForAll
      ? await projects.markAllChanging(now())
      : await eachOf(await change.concerned(), (project) => projects.markChanging(project, now()));
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

  /** Publishes for as many as there is time for, whatever becomes of the others; throws when it was not for all. */
  async function publish(concerned: readonly string[], known: ReadonlyMap<string, ChangeMark>): Promise<void> {
    const until = elapsed() + PUBLISH_WITHIN_MS;
    const soleMarks: ChangeMark[] = [];
    let published = 0;
    const failures: unknown[] = [];
    await eachOf(concerned, async (project) => {
      if (elapsed() > until) return;
      try {
        const mark = known.get(project) ?? (await projects.markChanging(project, now()));
        await publishProject(project);
        published += 1;
        // Where another's was there before, its change may still be on its way: the loop clears both.
        if (mark?.isSole === true) soleMarks.push(mark);
      } catch (error) {
        failures.push(error);
      }
    });
    await projects.clearMarks(soleMarks);
    if (failures.length > 0) throw storedOnly(failures[0]);
    if (published < concerned.length) throw storedFor(published, concerned.length);
  }

  async function withdraw({ id, marks }: Awaited<ReturnType<typeof prepare>>): Promise<void> {
    await audit.withdraw(id);
    await projects.clearMarks(marks.filter(({ isSole }) => isSole));
  }

  /**
   * Resolves once every copy holds the change; undefined when somebody else was faster. `unavailable` says whether it is
   * stored.
   */
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
      const concerned = new Set([...marks.keys(), ...(await change.concerned())]);
      await publish([...concerned], marks);
    } catch (error) {
      throw error instanceof AppError ? error : storedOnly(error);
    }
    return written;
  };
}

const whenAway = (detail: string) => (error: unknown) => {
  throw error instanceof RecordsUnavailable ? new AppError('unavailable', { detail, cause: error }) : error;
};

function storedOnly(error: unknown): AppError {
  const who = error instanceof RecordsUnavailable ? 'the database' : 'Redis';
  const detail =
    error instanceof RecordsUnavailable || isRedisUnavailable(error)
      ? `it takes effect as soon as ${who} answers again`
      : 'it is tried each second, and the console’s log says what is wrong';
  return new AppError('unavailable', {
    detail: `The change is stored but not published yet: ${detail}. Do not repeat the call.`,
    cause: error,
  });
}

const storedFor = (some: number, all: number) =>
  new AppError('unavailable', {
    detail: `The change is stored, and published for ${some} of ${all} projects; the others follow within seconds. Do not repeat the call.`,
  });
