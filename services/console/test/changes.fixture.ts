import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigParts, HopContext } from '@watchword/platform';
import { openRecords, type ProjectDocument, type Records } from '@watchword/records';
import type { ConfigurationStore, PublishedCopies } from '../src/ports.ts';
import { createCarryOutChange } from '../src/usecases/carry-out-change.ts';
import type { PlatformDeps } from '../src/usecases/platform.ts';
import type { ProjectsDeps } from '../src/usecases/projects.ts';
import { createPublishProject, type PublishProject } from '../src/usecases/publish-project.ts';
import { createReconcile, type Reconcile } from '../src/usecases/reconcile.ts';
import { createTakeTurns } from '../src/usecases/take-turns.ts';

export interface Scene {
  readonly records: Records;
  readonly configuration: ConfigurationStore;
  readonly redis: {
    readonly epochs: Map<string, number>;
    readonly published: Map<string, ConfigParts>;
    isPublished: boolean;
    /** Projects in a part of Redis that is away. */
    readonly away: Set<string>;
  };
  /** Over `redis`. */
  readonly copies: PublishedCopies;
  readonly time: { now: number; elapsed: number };
  readonly warnings: string[];
  /** `isFirst`: before there was a copy. */
  readonly seeded: { readonly project: string; readonly isFirst: boolean }[];
  readonly publishProject: PublishProject;
  readonly reconcile: Reconcile;
  readonly context: HopContext;
  /** What use-cases are made with; `changed` stands in for parts of the configuration. */
  changing(changed?: Partial<ConfigurationStore>): PlatformDeps & ProjectsDeps;
  project(id: string, fields?: Partial<ProjectDocument>): Promise<string>;
  close(): Promise<void>;
}

/** The publishing over a database of its own and copies in memory, so that a test decides what happens when. */
export async function openScene(): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'watchword-changes-'));
  const records = await openRecords({ file: join(directory, 'records.db') });
  const { audit } = records;
  const configuration: ConfigurationStore = records.configuration;
  const redis = {
    epochs: new Map<string, number>(),
    published: new Map<string, ConfigParts>(),
    isPublished: true,
    /** Projects in a part of Redis that is away. */
    away: new Set<string>(),
  };
  const warnings: string[] = [];
  const seeded: Scene['seeded'] = [];
  const time = { now: Date.now(), elapsed: 0 };
  const now = () => time.now;
  const copies: PublishedCopies = {
    publish: async (project: string, epoch: number, parts: ConfigParts) => {
      if (redis.away.has(project)) throw new Error('CLUSTERDOWN Hash slot not served');
      if ((redis.epochs.get(project) ?? -1) >= epoch) return 'older' as const;
      redis.epochs.set(project, epoch);
      redis.published.set(project, parts);
      return 'published' as const;
    },
    isPublished: async () => redis.isPublished,
    markPublished: async () => void (redis.isPublished = true),
    epochOf: async (project: string) => redis.epochs.get(project) ?? 0,
    ownAgain: async () => {},
  };
  const observer = { published: () => {}, foundForeignCopies: () => void warnings.push('foreign copies') };
  const publishProject = createPublishProject({ configuration, copies, now, observer });
  const elapsed = () => time.elapsed;

  return {
    records,
    configuration,
    redis,
    copies,
    time,
    warnings,
    seeded,
    publishProject,
    context: { key: 'root', requestId: 'request', deadline: Number.MAX_SAFE_INTEGER, ifMatch: '*' } as HopContext,

    changing: (changed: Partial<ConfigurationStore> = {}): PlatformDeps & ProjectsDeps => ({
      configuration: { ...configuration, ...changed },
      carryOutChange: createCarryOutChange({ configuration, audit, publishProject, now, elapsed }),
      publishProject,
      takeTurns: createTakeTurns(),
      ensureRootProject: async () => {},
      endPairing: async () => {},
      now,
    }),

    reconcile: createReconcile({
      configuration,
      copies,
      publishProject,
      quotas: { seed: async (project) => void seeded.push({ project, isFirst: !redis.published.has(project) }) },
      ensureRootProject: async () => {},
      observer,
      now,
    }),

    async project(id: string, fields: Partial<ProjectDocument> = {}): Promise<string> {
      await configuration.projects.create({
        id,
        name: 'Test',
        status: 'active',
        plan: null,
        limits: { project_sends_per_hour: null, user_sends_per_minute: null, ip_sends_per_hour: null },
        pause: { all: false, countries: [] },
        sms_countries: null,
        retention_days: null,
        config_epoch: 0,
        unpublished_since: null,
        created_at: time.now,
        updated_at: time.now,
        version: 1,
        ...fields,
      });
      return id;
    },

    async close(): Promise<void> {
      await records.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
