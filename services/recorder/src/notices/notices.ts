import type { Batch } from '@watchword/records';
import type { FindAdmins } from './find-admins.ts';
import { type ClaimedNotice, type NoticeBoard, TOLD_WITHIN_MS, type Undelivered } from './notice-board.ts';
import { noticeMailOf } from './notice-mail.ts';
import type { NoticeRelay } from './notice-relay.ts';
import { addUndelivered, undeliveredIn } from './undelivered-in.ts';

/** Is told what becomes of notices; must not throw. */
export interface NoticeObserver {
  told(project: string, admins: number): void;
  /** Tried again later. Codes of the relay's, never an address. */
  untold(project: string, reasons: readonly string[]): void;
  dropped(project: string): void;
  /** Redis or the database did not answer. */
  failing(error: unknown): void;
}

export interface NoticesOptions {
  readonly board: NoticeBoard;
  readonly relay: Pick<NoticeRelay, 'send'>;
  readonly findAdmins: FindAdmins;
  readonly observer: NoticeObserver;
  readonly now: () => number;
  readonly lookEveryMs?: number;
}

const LOOK_EVERY_MS = 1_000;
/** Beyond it nobody is told of further ones, until Redis answers again. */
const PROJECTS_MAX = 10_000;

/**
 * Tells admins by e-mail that codes of their project could not be delivered. Recording hands over what it has recorded and
 * goes on; all else happens here, in its own time. What a recorder has taken and not noted yet is lost when it is killed: a
 * second's worth, or what came while it sent the mails of one notice.
 */
export function startNotices(options: NoticesOptions) {
  const { board, relay, findAdmins, observer, now, lookEveryMs = LOOK_EVERY_MS } = options;
  const taken = new Map<string, Undelivered>();
  const stopped = new AbortController();
  let isFailing = false;
  let timer: NodeJS.Timeout | undefined;

  function take(batch: Batch): void {
    for (const [project, undelivered] of undeliveredIn(batch)) add(project, undelivered);
  }

  function add(project: string, undelivered: Undelivered): void {
    if (!taken.has(project) && taken.size >= PROJECTS_MAX) return;
    taken.set(project, addUndelivered(taken.get(project), undelivered));
  }

  async function noteTaken(): Promise<void> {
    for (const [project, undelivered] of taken) {
      taken.delete(project);
      try {
        await board.note(project, undelivered);
      } catch (error) {
        add(project, undelivered);
        throw error;
      }
    }
  }

  async function tell(notice: ClaimedNotice): Promise<void> {
    const { project, since } = notice;
    if (now() - since > TOLD_WITHIN_MS) {
      await board.settle(notice, 'dropped');
      observer.dropped(project);
      return;
    }
    const admins = await findAdmins(project);
    const mail = noticeMailOf(notice);
    const reasons = admins.length === 0 ? ['no_admin'] : [];
    for (const [at, to] of admins.entries()) {
      const id = `ntc_${since}-${notice.claim}-${at}`;
      const result = await relay.send({ id, to, ...mail, signal: stopped.signal });
      if (result.outcome !== 'accepted') reasons.push(`${result.outcome} ${result.providerCode}`);
    }
    const toldTo = admins.length - reasons.length;
    await board.settle(notice, toldTo > 0 ? 'told' : 'untold');
    if (toldTo > 0) observer.told(project, toldTo);
    else observer.untold(project, reasons);
  }

  async function look(): Promise<void> {
    try {
      do {
        await noteTaken();
        const notice = await board.claim();
        if (notice === undefined) break;
        await tell(notice);
      } while (!stopped.signal.aborted);
      isFailing = false;
    } catch (error) {
      // Once in a row: it is looked again each second.
      if (!isFailing) observer.failing(error);
      isFailing = true;
    }
    if (!stopped.signal.aborted) timer = setTimeout(schedule, lookEveryMs);
  }

  let running: Promise<void> = Promise.resolve();
  function schedule(): void {
    running = look();
  }
  schedule();

  return {
    take,
    /** Gives up the mail under way, and notes what was taken: it is told by another recorder, or the next. */
    async stop(): Promise<void> {
      stopped.abort();
      clearTimeout(timer);
      await running;
      await noteTaken().catch((error: unknown) => observer.failing(error));
    },
  };
}
