import type { ConfigPart } from '@watchword/contracts';
import { AppError } from '../errors.ts';
import type { ConfigCopies, ConfigCopy, ConfigParts } from './config-copies.ts';

export interface ConfigCacheOptions<P extends ConfigPart> {
  readonly copies: Pick<ConfigCopies, 'read'>;
  readonly part: P;
  /** Monotonic, ms. */
  readonly now?: () => number;
  readonly projectsMax?: number;
}

const PROJECTS_MAX = 10_000;

export type ConfigCache<P extends ConfigPart> = ReturnType<typeof createConfigCache<P>>;

/** One part of the projects' configuration, held by a process. However many ask, a project is read once at a time. */
export function createConfigCache<P extends ConfigPart>(options: ConfigCacheOptions<P>) {
  const { copies, part, now = () => performance.now(), projectsMax = PROJECTS_MAX } = options;
  type Copy = ConfigCopy<ConfigParts[P]>;
  interface Reads {
    readonly running: Promise<Copy>;
    /** Begins when that one has ended. */
    following?: Promise<Copy>;
  }
  const held = new Map<string, Copy & { readonly readAt: number }>();
  const reads = new Map<string, Reads>();

  async function read(project: string): Promise<Copy> {
    const readAt = now();
    const copy = await copies.read(project, part);
    held.delete(project);
    held.set(project, { ...copy, readAt });
    const [oldest] = held.keys();
    if (held.size > projectsMax && oldest !== undefined) held.delete(oldest);
    return copy;
  }

  function begin(project: string): Promise<Copy> {
    const running = read(project).finally(() => {
      if (reads.get(project)?.running === running) reads.delete(project);
    });
    reads.set(project, { running });
    return running;
  }

  /** What a read finds that begins now or later: one that is under way may have missed a change of before this call. */
  function reload(project: string): Promise<Copy> {
    const under = reads.get(project);
    if (under === undefined) return begin(project);
    return (under.following ??= beginAfter(under.running, project));
  }

  async function beginAfter(running: Promise<Copy>, project: string): Promise<Copy> {
    // Its failure is told to those who wait for it.
    await running.catch(() => undefined);
    // Somebody may have begun one since that ended: it is late enough, and a second beside it could end in the wrong order.
    return reads.get(project)?.running ?? begin(project);
  }

  return {
    reload,

    /** What is held, however old. */
    peek: (project: string): Copy | undefined => held.get(project),

    /** At least as new as `epoch`, which an admitted call carries: what was decided before it holds for it. */
    async atLeast(project: string, epoch: number): Promise<Copy> {
      const known = held.get(project);
      if (known !== undefined && known.epoch >= epoch) return known;
      const copy = await reload(project);
      if (copy.epoch < epoch) {
        const detail = 'The project’s configuration is being published again.';
        throw new AppError('unavailable', { detail, nothingDone: true });
      }
      return copy;
    },

    /** Read at most `maxAgeMs` ago. */
    async fresh(project: string, maxAgeMs: number): Promise<Copy> {
      const known = held.get(project);
      if (known !== undefined && now() - known.readAt <= maxAgeMs) return known;
      return reads.get(project)?.running ?? begin(project);
    },
  };
}
