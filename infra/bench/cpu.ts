import type { TestedProcess } from './processes.ts';
import type { BenchRedis } from './stage.ts';

/** CPU µs per request of each process that had a part, Redis and the load among them. */
export type CpuPerRequest = Readonly<Record<string, number>>;

export interface Metered<T> {
  readonly result: T;
  readonly cpu: CpuPerRequest;
}

/** Tells what each process spent on one of the requests that `run` made. */
export async function meterCpu<T>(
  countOf: (result: T) => number,
  processes: Readonly<Record<string, TestedProcess>>,
  redis: BenchRedis,
  run: () => Promise<T>,
): Promise<Metered<T>> {
  const read = async () => {
    const load = process.cpuUsage();
    return [
      ...Object.entries(processes).map(([name, tested]) => [name, tested.cpuMicroseconds()] as const),
      ['Redis', await redis.cpuMicroseconds()] as const,
      ['load', load.user + load.system] as const,
    ];
  };
  const before = new Map(await read());
  const result = await run();
  const count = countOf(result);
  const spent = (await read()).map(([name, after]) => [name, (after - (before.get(name) ?? 0)) / count] as const);
  return { result, cpu: Object.fromEntries(spent) };
}

/** Of all but the load, which is no part of the product. */
export function productCpu(cpu: CpuPerRequest): number {
  return Object.entries(cpu).reduce((sum, [name, microseconds]) => (name === 'load' ? sum : sum + microseconds), 0);
}

/** Of the processes on the tested core. */
export const servicesCpu = (cpu: CpuPerRequest) => productCpu(cpu) - (cpu.Redis ?? 0);

/** `gateway 95 + otp 78 + Redis 60 µs (load 9)` */
export function describeCpu(cpu: CpuPerRequest): string {
  const { load = 0, ...rest } = cpu;
  const parts = Object.entries(rest).map(([name, microseconds]) => `${name} ${microseconds.toFixed(0)}`);
  return `${parts.join(' + ')} µs (load ${load.toFixed(0)})`;
}
