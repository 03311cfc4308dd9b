import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeEnvironment } from '@watchword/platform';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const textOf = (path: string) => readFileSync(pathOf(path), 'utf8');
/** As docker-compose 1.29 reads it, and what came after it does too. */
const yamlOf = (path: string): unknown => parse(textOf(path), { version: '1.1', merge: true });

const serviceSchema = z.object({
  build: z.object({ dockerfile: z.string(), target: z.string() }).optional(),
  ports: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).default({}),
  networks: z.array(z.string()).default(['default']),
  profiles: z.array(z.string()).optional(),
  read_only: z.boolean().default(false),
  restart: z.string(),
  healthcheck: z.object({ test: z.union([z.string(), z.array(z.string())]) }).optional(),
  stop_grace_period: z.string().regex(/^\d+s$/),
});
const compose = z
  .strictObject({
    'x-service': z.unknown(),
    'x-environment': z.unknown(),
    services: z.record(z.string(), serviceSchema),
    volumes: z.record(z.string(), z.null()),
    networks: z.record(z.string(), z.unknown()),
  })
  .parse(yamlOf('docker-compose.yml'));

const dockerfile = textOf('infra/docker/Dockerfile');
/** What runs in a process of its own; standalone is all of it in one. */
const SERVICES = readdirSync(pathOf('services')).filter((name) => name !== 'standalone');
const OURS = Object.entries(compose.services).filter(([, { build, profiles }]) => build !== undefined && !profiles);
/** The image sets the address and the port of the metrics; the other ports stay at their defaults. */
const OF_THE_IMAGE = /^(LISTEN_HOST|(ADMIN|GATEWAY|OTP|CONSOLE|SANDBOX|SANDBOX_SMTP)_PORT)$/;
const isOfTheImage = (variable: string) => OF_THE_IMAGE.test(variable);

/** Each variable that a service reads, with its default. */
async function variablesOf(service: string): Promise<Map<string, string>> {
  const module: Record<string, unknown> = await import(pathOf(`services/${service}/src/config.ts`));
  const variables = z.instanceof(z.ZodObject).parse(module[`${service}Variables`]);
  return new Map(describeEnvironment(variables).map(({ name, default: preset }) => [name, preset]));
}

test('each service has an image of its own, made of what its build emits', () => {
  const targets = [...dockerfile.matchAll(/^FROM runtime AS (\w+)$/gm)].map(([, name]) => name);
  const deployed = /^RUN for service in ([\w ]+); do/m.exec(dockerfile)?.[1]?.split(' ');
  expect(new Set(targets)).toEqual(new Set(SERVICES));
  expect(new Set(deployed)).toEqual(new Set(SERVICES));
  expect(new Set(OURS.map(([name]) => name))).toEqual(new Set(SERVICES));
  for (const [name, { build }] of OURS) {
    expect(build).toMatchObject({ dockerfile: 'infra/docker/Dockerfile', target: name });
    expect(existsSync(pathOf(`services/${name}/src/main.ts`))).toBe(true);
  }
});

test('what a package reads at run time is in its image: the build, scripts, pages', () => {
  const packages = ['packages', 'services'].flatMap((folder) =>
    readdirSync(pathOf(folder)).map((name) => `${folder}/${name}`),
  );
  for (const folder of packages) {
    const { files } = z.object({ files: z.array(z.string()) }).parse(JSON.parse(textOf(`${folder}/package.json`)));
    const read = ['lua', 'page'].filter((name) => existsSync(pathOf(`${folder}/${name}`)));
    expect(files, folder).toEqual(expect.arrayContaining(['dist', ...read]));
  }
});

test('a service gets no variable that it does not read, and each one that it reads can be set', async () => {
  const given = OURS.map(([name, { environment }]) => [name, Object.keys(environment).toSorted()] as const);
  const read = OURS.map(async ([name]) => {
    const variables = [...(await variablesOf(name)).keys()].filter((variable) => !isOfTheImage(variable));
    return [name, variables.toSorted()] as const;
  });
  expect(Object.fromEntries(given), 'docker-compose.yml').toEqual(Object.fromEntries(await Promise.all(read)));
});

test('only loopback is published, and each address names the port that its service listens on', async () => {
  for (const [name, { ports }] of Object.entries(compose.services)) {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    if (!SERVICES.includes(name)) continue;
    const listensOn = (await variablesOf(name)).get(`${name.toUpperCase()}_PORT`);
    for (const port of ports) expect(port.split(':').at(-1)).toBe(listensOn);
  }
  const addresses = OURS.flatMap(([, { environment }]) => Object.values(environment)).join(' ');
  for (const [, host = '', port] of addresses.matchAll(/http:\/\/(\w+):(\d+)/g)) {
    expect((await variablesOf(host)).get(`${host.toUpperCase()}_PORT`), host).toBe(port);
  }
  for (const [, host = '', port] of addresses.matchAll(/smtp:\/\/(\w+):(\d+)/g)) {
    expect((await variablesOf(host)).get(`${host.toUpperCase()}_SMTP_PORT`), host).toBe(port);
  }
});

test('a service has the time to end by itself before it is killed', async () => {
  for (const [name, { stop_grace_period: grace }] of OURS) {
    const endsItself = (await variablesOf(name)).get('STOP_GRACE_SECONDS');
    expect(Number.parseInt(grace, 10), name).toBeGreaterThan(Number(endsItself));
  }
});

test('a service starts when what it needs is healthy, and writes only to its volumes', () => {
  for (const [name, { depends_on: needs, read_only: isReadOnly }] of OURS) {
    expect(isReadOnly, name).toBe(true);
    for (const needed of Object.keys(needs)) {
      expect(Object.keys(compose.services)).toContain(needed);
      const { build, healthcheck } = compose.services[needed] ?? {};
      expect(build ?? healthcheck, `who tells whether ${needed} is healthy`).toBeDefined();
    }
  }
  expect(dockerfile).toMatch(/^HEALTHCHECK /m);
  expect(dockerfile).toMatch(/^USER node$/m);
});

test('what ends is started again, but for a command, and no secret stands in the file', () => {
  for (const [name, { restart, profiles, environment }] of Object.entries(compose.services)) {
    expect(restart, name).toBe(profiles === undefined ? 'unless-stopped' : 'no');
    const secrets = Object.entries(environment).filter(([variable]) =>
      /KEY|SECRET|TOKEN|PASSWORD|PEPPER/.test(variable),
    );
    expect(
      secrets.filter(([, value]) => value !== null),
      name,
    ).toEqual([]);
  }
});

test('Redis and MongoDB are reached only by those who need one of them', () => {
  const near = Object.entries(compose.services).filter(([, { networks }]) => networks.includes('state'));
  expect(near.map(([name]) => name)).toEqual([
    'gateway',
    'otp',
    'console',
    'worker',
    'recorder',
    'watchword',
    'redis',
    'mongo',
  ]);
  for (const name of ['redis', 'mongo']) expect(compose.services[name]?.networks, name).toEqual(['state']);
});

test('who reads or writes records has MongoDB, and waits for it', () => {
  const named = OURS.filter(([, { environment }]) => 'MONGODB_URL' in environment);
  expect(named.map(([name]) => name)).toEqual(['otp', 'console', 'recorder']);
  for (const [name, { environment, depends_on: needs }] of named) {
    expect(environment.MONGODB_URL, name).toMatch(/mongodb:\/\/mongo:27017\/\w+/);
    expect(Object.keys(needs), name).toContain('mongo');
  }
});
