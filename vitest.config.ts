import { defineConfig } from 'vitest/config';

// The packages' TypeScript, instead of what was last built; then Vite's own conditions for servers.
const conditions = ['watchword-source', 'module', 'node', 'development|production'];

const ofThesePackages = '{packages,services}/*';
const ofRedisPackages = ['packages/{verifications,delivery}', 'services/*'];
const FORGET_KEYS = 'packages/testkit/src/vitest/forget-keys.ts';
const redisSetup = (kind: 'single' | 'cluster') => `packages/testkit/src/vitest/redis-${kind}.ts`;

/** A group begins when the one before it has ended: what measures time does not share the machine. */
const GROUPS = { unit: 0, integration: 1, cluster: 2, mongo: 3, system: 4, chaos: 5, delivery: 6, soak: 7 };

const SOAK = {
  maxWorkers: 1,
  testTimeout: 1_200_000,
  // What is searched for leaks at the end is long.
  hookTimeout: 300_000,
  sequence: { groupOrder: GROUPS.soak },
};

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // Vitest's own environment, in which it loads the global set-ups: without this they would need a build.
  environments: { __vitest__: { resolve: { conditions } } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Vitest's own second is over before a busy machine has asked twice.
    expect: { poll: { timeout: 4_000 } },
    reporters: ['default', './infra/test/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [`${ofThesePackages}/src/**/*.test.ts`, 'infra/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.system.test.ts'],
          isolate: false,
          sequence: { groupOrder: GROUPS.unit },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [`${ofThesePackages}/test/**/*.int.test.ts`, 'infra/search/*.int.test.ts'],
          globalSetup: [redisSetup('single')],
          setupFiles: [FORGET_KEYS],
          // They share one Redis: a test that travels in time would expire what another has open.
          fileParallelism: false,
          testTimeout: 20_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: GROUPS.integration },
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ofRedisPackages.map((packages) => `${packages}/test/**/*.int.test.ts`),
          exclude: ['**/node_modules/**', '**/*.single.int.test.ts'],
          globalSetup: [redisSetup('cluster')],
          setupFiles: [FORGET_KEYS],
          // They share one Redis: a test that travels in time would expire what another has open.
          fileParallelism: false,
          testTimeout: 20_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: GROUPS.cluster },
        },
      },
      {
        extends: true,
        test: {
          name: 'mongo',
          include: [`${ofThesePackages}/test/**/*.mongo.test.ts`],
          globalSetup: ['packages/testkit/src/vitest/mongo.ts'],
          // They share one server, and one Redis.
          fileParallelism: false,
          testTimeout: 20_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: GROUPS.mongo },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: [`${ofThesePackages}/test/**/*.system.test.ts`, 'infra/{bench,delivery,soak}/*.system.test.ts'],
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: GROUPS.system },
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['infra/chaos/**/*.chaos.ts'],
          maxWorkers: 1,
          testTimeout: 900_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: GROUPS.chaos },
        },
      },
      {
        extends: true,
        test: {
          name: 'delivery',
          include: ['infra/delivery/*.delivery.ts'],
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: GROUPS.delivery },
        },
      },
      {
        extends: true,
        test: { name: 'soak', include: ['infra/soak/*.soak.ts'], ...SOAK },
      },
      {
        extends: true,
        test: { name: 'soak-delivery', include: ['infra/delivery/*.soak.ts'], ...SOAK },
      },
    ],
  },
});
