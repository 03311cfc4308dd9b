export interface RedisConfig {
  readonly port: number;
  /** Where the server keeps its files, as the server sees it. */
  readonly directory: string;
  /** Absent: no password, for tests on loopback. */
  readonly password?: string;
  readonly persistence: 'append-only' | 'none';
  /** Absent: no end to it, for tests. */
  readonly maxMemoryBytes?: number;
  /** The server is a node of a Redis Cluster; its bus is at its port plus 10000. */
  readonly cluster?: boolean;
  /** Listen beyond loopback: only inside a container, whose port is published on loopback. */
  readonly inContainer?: boolean;
}

const MAXMEMORY_WHY =
  '# A quarter of the memory that there is, at least 256 MB: sending is shed at 70 % of it, long before the machine is full.';

/**
 * `redis.conf` of a server of ours.
 *
 * `appendfsync always`: a write is on the disk before its answer leaves. With `everysec` an answer may leave up to 2 s
 * before the write when an fsync is under way (redis.io, "Redis persistence"), and a killed Redis would lose what was
 * acknowledged. Measured on an ext4 virtual disk, scripts of three writes: one client 14,500/s and 0.06 ms (everysec),
 * 5,000/s and 0.18 ms (always); 50 clients 85,000/s and 0.5 ms, 45,000/s and 1.0 ms. Writes of one turn of its loop
 * share one fsync, so the cost is latency far below a digest's, and the throughput is far above what one host needs.
 */
export function renderRedisConfig(config: RedisConfig): string {
  const { port, directory, password, persistence, maxMemoryBytes, cluster, inContainer } = config;
  const lines = [
    inContainer ? 'bind * -::*' : 'bind 127.0.0.1',
    `port ${port}`,
    `dir ${quote(directory)}`,
    'daemonize no',
    'save ""',
    ...(maxMemoryBytes === undefined ? [] : [MAXMEMORY_WHY, `maxmemory ${maxMemoryBytes}`]),
    'maxmemory-policy noeviction',
    ...(password === undefined ? ['protected-mode no'] : [`requirepass ${quote(password)}`]),
    ...(persistence === 'none' ? ['appendonly no'] : ['appendonly yes', 'appendfsync always']),
  ];
  if (cluster) {
    lines.push('cluster-enabled yes', 'cluster-node-timeout 2000', 'cluster-announce-ip 127.0.0.1');
  }
  return `${lines.join('\n')}\n`;
}

/** Redis unescapes double-quoted arguments the way C does. */
function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
