/**
 * Who may import whom. `contracts ← platform ← verifications, delivery, records ← services`; inside a service
 * `domain ← usecases ← http, jobs`; only `compose.ts` and `main.ts` name concrete adapters; no cycles.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
const TEST_FILES = '(^|/)test/|[.]test[.]ts$';
const SERVICE_PARTS = 'domain|usecases|http|jobs';

/** The packages that come later in the chain, which `name` must not know. */
const layer = (name, forbidden) => ({
  name: `${name}-knows-no-later-layer`,
  comment: `packages/${name} must not import ${forbidden}`,
  severity: 'error',
  from: { path: `^packages/${name}/`, pathNot: TEST_FILES },
  to: { path: `^(${forbidden})/` },
});

const insideService = (part, forbidden) => ({
  name: `${part}-knows-no-later-part`,
  comment: `In a service: domain ← usecases ← http, jobs ← compose, main`,
  severity: 'error',
  from: { path: `^services/([^/]+)/src/${part}/`, pathNot: TEST_FILES },
  to: { path: `^services/$1/src/(${forbidden})` },
});

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle has no order to read it in. Types count: they tie modules as well.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere would escape every rule here.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    layer('contracts', 'packages/(?!contracts/)[^/]+|services/[^/]+'),
    layer('platform', 'packages/(?!contracts/|platform/)[^/]+|services/[^/]+'),
    layer('verifications', 'packages/(?!contracts/|platform/|verifications/)[^/]+|services/[^/]+'),
    layer('delivery', 'packages/(?!contracts/|platform/|delivery/)[^/]+|services/[^/]+'),
    layer('records', 'packages/(?!contracts/|platform/|records/)[^/]+|services/[^/]+'),
    layer('testkit', 'packages/(?!contracts/|platform/|testkit/)[^/]+|services/[^/]+'),
    {
      name: 'tests-go-no-further-than-their-layer',
      comment: 'A test of a package may use the testkit besides, but no later package and no service.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/', pathNot: '^packages/testkit/' },
      to: { path: '^services/' },
    },
    {
      name: 'testkit-only-in-tests',
      comment: 'The testkit is not part of the product.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: [TEST_FILES, '^packages/testkit/'] },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'no-service-knows-a-service',
      comment: 'Services meet over HTTP, the queue and Redis. Only standalone composes them.',
      severity: 'error',
      from: { path: '^services/([^/]+)/', pathNot: '^services/standalone/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'packages-are-used-by-their-exports',
      comment: 'Another package is imported by its name, which leads to what it exports; never by a path into it.',
      severity: 'error',
      from: { path: '^(packages|services)/([^/]+)/' },
      to: { path: '^(packages|services)/[^/]+/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    insideService('domain', 'usecases/|http/|jobs/|adapters/|app[.]ts$|compose[.]ts$|main[.]ts$'),
    insideService('usecases', 'http/|jobs/|adapters/|app[.]ts$|compose[.]ts$|main[.]ts$'),
    insideService('http', 'jobs/|adapters/|compose[.]ts$|main[.]ts$'),
    insideService('jobs', 'http/|adapters/|compose[.]ts$|main[.]ts$'),
    {
      name: 'only-compose-connects',
      comment:
        'What connects, listens or talks to a provider is constructed in compose.ts; types may be named anywhere.',
      severity: 'error',
      from: {
        path: `^services/[^/]+/src/(${SERVICE_PARTS})/|^services/[^/]+/src/(app|ports)[.]ts$`,
        pathNot: TEST_FILES,
      },
      to: {
        path: 'node_modules/(ioredis|bullmq|undici|twilio|@vonage|nodemailer|mongoose|argon2)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'only-main-knows-compose',
      comment: 'compose.ts is called by main.ts, exported by index.ts, and tried by tests.',
      severity: 'error',
      from: { path: '^services/', pathNot: [TEST_FILES, '/src/(main|index|compose[^/]*)[.]ts$'] },
      to: { path: '/src/compose[.]ts$' },
    },
    {
      name: 'nobody-imports-an-entry-point',
      comment: 'main.ts starts a process when it is imported.',
      severity: 'error',
      from: {},
      to: { path: '^services/[^/]+/src/main[.]ts$' },
    },
    {
      name: 'product-code-without-dev-dependencies',
      comment: 'What src/ imports must be there when only production dependencies are installed.',
      severity: 'error',
      from: { path: '^(packages|services)/[^/]+/src/', pathNot: [TEST_FILES, '^packages/testkit/'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['watchword-source', 'import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
    cache: false,
  },
};
