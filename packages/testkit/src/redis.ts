import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  freePort,
  launchRedis,
  type Progress,
  type RedisProcess,
  type RedisServerCommand,
  resolveRedisServer,
  waitUntilRedisAnswers,
} from '@watchword/platform/redis-server';
import { Redis } from 'ioredis';
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';

/** A Redis, or a Redis Cluster, for one test run. It persists nothing. */
export interface TestRedis {
  /** `redis://…`; of a Cluster, one per primary, separated by commas. */
  readonly url: string;
  stop(): Promise<void>;
}

const IMAGE = 'redis:7-alpine';
const PRIMARIES = 3;
const SLOTS = 16_384;
const MAX_PORT = 65_535;
const BUS_PORT_OFFSET = 10_000;
const CLUSTER_READY_MS = 15_000;

/** Starts servers that listen on loopback at these ports, as nodes of a Cluster or alone. */
type ServerFleet = (ports: readonly number[], cluster: boolean) => Promise<{ stop(): Promise<void> }>;

/** One Redis. */
export async function startTestRedis(progress: Progress): Promise<TestRedis> {
  const [port] = await freePorts(1);
  const fleet = await startFleet([port as number], false, progress);
  return { url: `redis://127.0.0.1:${port}`, stop: fleet.stop };
}

/** A Redis Cluster of three primaries without replicas, ready to take writes in every slot. */
export async function startTestRedisCluster(progress: Progress): Promise<TestRedis> {
  const ports = await freePorts(PRIMARIES);
  const fleet = await startFleet(ports, true, progress);
  try {
    await formCluster(ports);
  } catch (error) {
    await fleet.stop();
    throw error;
  }
  return { url: ports.map((port) => `redis://127.0.0.1:${port}`).join(','), stop: fleet.stop };
}

/** The one place that chooses: containers where a Docker engine answers and has the image, else the machine's own Redis. */
async function startFleet(ports: readonly number[], cluster: boolean, progress: Progress) {
  if (await hasContainerEngine()) {
    try {
      return await startContainer(ports, cluster);
    } catch (error) {
      progress(`Redis for tests: no container (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  const server = await resolveRedisServer({ progress });
  return startProcesses(server)(ports, cluster);
}

async function hasContainerEngine(): Promise<boolean> {
  try {
    await getContainerRuntimeClient();
    return true;
  } catch {
    // No engine answers at any of the places testcontainers knows.
    return false;
  }
}

/** All nodes in one container, whose ports are the same inside and out: so what they announce is right on both sides. */
const startContainer: ServerFleet = async (ports, cluster) => {
  const servers = ports.map((port) => {
    const node = `--cluster-enabled yes --cluster-node-timeout 2000 --cluster-announce-ip 127.0.0.1 --cluster-config-file ${port}.conf`;
    return `redis-server --port ${port} --protected-mode no --save '' ${cluster ? node : ''} &`;
  });
  const container = await new GenericContainer(IMAGE)
    .withCommand(['sh', '-c', `${servers.join(' ')} wait`])
    .withExposedPorts(...ports.map((port) => ({ container: port, host: port })))
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  return {
    async stop() {
      await container.stop();
    },
  };
};

function startProcesses(server: RedisServerCommand): ServerFleet {
  return async (ports, cluster) => {
    const root = mkdtempSync(join(tmpdir(), 'watchword-test-redis-'));
    const started: RedisProcess[] = [];
    const stop = async () => {
      await Promise.all(started.map((process) => process.stop()));
      rmSync(root, { recursive: true, force: true });
    };
    try {
      for (const port of ports) {
        const directory = mkdtempSync(join(root, 'node-'));
        const process = launchRedis({ server, config: { port, directory, persistence: 'none', cluster } });
        started.push(process);
        await waitUntilRedisAnswers(process, port);
      }
    } catch (error) {
      await stop();
      throw error;
    }
    return { stop };
  };
}

/** Free now, different from each other, and so is each port plus 10000, where a node of a Cluster has its bus. */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = await freePort();
    const busPort = (port ?? MAX_PORT) + BUS_PORT_OFFSET;
    if (port !== undefined && busPort <= MAX_PORT && (await freePort(busPort)) !== undefined) ports.add(port);
  }
  return [...ports];
}

/** Gives each primary its third of the slots, introduces them to each other, and waits until all agree. */
async function formCluster(ports: readonly number[]): Promise<void> {
  const nodes = ports.map((port) => new Redis(port, '127.0.0.1', { replyMapping: 'legacy' }));
  try {
    for (const [index, node] of nodes.entries()) {
      const first = Math.ceil((SLOTS * index) / nodes.length);
      const last = Math.ceil((SLOTS * (index + 1)) / nodes.length) - 1;
      await node.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
      await node.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    }
    // Each to each: gossip would get there too, seconds later.
    for (const node of nodes) for (const port of ports) await node.call('CLUSTER', 'MEET', '127.0.0.1', port);
    const since = performance.now();
    while (!(await allAgree(nodes))) {
      if (performance.now() - since > CLUSTER_READY_MS) throw new Error('The test Cluster did not form within 15 s');
      await delay(50);
    }
  } finally {
    for (const node of nodes) node.disconnect();
  }
}

async function allAgree(nodes: readonly Redis[]): Promise<boolean> {
  const infos = await Promise.all(nodes.map((node) => node.call('CLUSTER', 'INFO')));
  return infos.every(
    (info) => String(info).includes('cluster_state:ok') && String(info).includes(`cluster_known_nodes:${nodes.length}`),
  );
}
