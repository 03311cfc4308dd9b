import type { Bench } from '../bench.ts';
import { type CpuPerRequest, describeCpu, type Metered, meterCpu, productCpu, servicesCpu } from '../cpu.ts';
import { renderPost } from '../load/connection.ts';
import { nextDestination } from '../load/destinations.ts';
import { createFiller, type Delivered } from '../load/filler.ts';
import { type LoadReport, runCount } from '../load/load.ts';
import type { TestedProcess } from '../processes.ts';
import type { Finding } from '../rows.ts';
import {
  type BenchRedis,
  CHEAPEST_DIGEST_KIB,
  DEFAULT_DIGEST_KIB,
  type Stage,
  startRedis,
  startReference,
  startStage,
} from '../stage.ts';
import { brief, median, whole } from '../statistics.ts';

/** Requests of a full round: one to two seconds each. */
const COUNTS = { floor: 40_000, send: 8_000, check: 10_000, sendDefault: 2_000, argon2Ms: 1_500 };
const BATCH_MS = 1_200;
const FIRST_SENDS = 500;
const FIRST_CONNECTIONS = 8;
/** Unmeasured before the first round, so that no round meets code that was not compiled. */
const WARM_UP_SHARE = 2;

export interface Floor {
  readonly process: TestedProcess;
  readonly redis: BenchRedis;
  run(count: number): Promise<Metered<LoadReport>>;
}

export async function startFloor(bench: Bench): Promise<Floor> {
  const redis = await startRedis(bench);
  const process = await startReference(bench, 'floor', { REDIS_URL: redis.url });
  const request = renderPost('/floor', { to: '+14155550123' }, 'none');
  const load = { url: process.url, status: 200, requestOf: () => request };
  const run = (count: number) => meterCpu(countOf, { FLOOR: process }, redis, () => runCount(load, count));
  return { process, redis, run };
}

export const sendLoad = (stage: Stage) => ({
  url: stage.gateway.url,
  status: 202,
  requestOf: () => renderPost('/v1/verifications', { to: nextDestination() }, stage.keys.API_KEY),
});

/** The first calls of a process are slow, and a crowd of them would be turned away: some few at a time go first. */
export async function sendFirst(stage: Stage): Promise<void> {
  await runCount(sendLoad(stage), FIRST_SENDS, { connections: FIRST_CONNECTIONS });
}

/**
 * Opens without a worker: its jobs wait, and are thrown away before the due set would look after them, which is two seconds
 * after the open.
 */
async function runSends(stage: Stage, count: number): Promise<Metered<LoadReport>> {
  const { gateway, otp, redis } = stage;
  async function sendInBatches(): Promise<LoadReport> {
    const reports: LoadReport[] = [];
    for (let left = count; left > 0; left -= reports.at(-1)?.count ?? left) {
      await redis.client.flushall('SYNC');
      reports.push(await runCount(sendLoad(stage), left, { withinMs: BATCH_MS }));
    }
    await redis.client.flushall('SYNC');
    return joinReports(reports);
  }
  return meterCpu(countOf, { gateway, otp }, redis, sendInBatches);
}

const countOf = ({ count }: LoadReport) => count;

function joinReports(reports: readonly LoadReport[]): LoadReport {
  const sum = (pick: (report: LoadReport) => number) => reports.reduce((total, report) => total + pick(report), 0);
  const [count, seconds] = [sum(countOf), sum((report) => report.seconds)];
  return {
    count,
    seconds,
    perSecond: count / seconds,
    latenciesMs: reports.flatMap(({ latenciesMs }) => latenciesMs),
    refused: sum(({ refused }) => refused),
  };
}

/** First guesses, all of them right: each ends its verification. */
async function runChecks(stage: Stage, count: number): Promise<Metered<LoadReport>> {
  const filler = await createFiller(stage.redis, stage.keys, {
    digestMemoryKib: stage.digestMemoryKib,
    checkable: true,
  });
  const delivered: Delivered[] = [];
  await filler.deliver(count, (one) => delivered.push(one));
  await filler.close();
  const { gateway, otp, redis, keys } = stage;
  const requests = delivered.map(({ id, code }) => renderPost(`/v1/verifications/${id}/check`, { code }, keys.API_KEY));
  const load = { url: gateway.url, status: 200, requestOf: (index: number) => requests[index] ?? '' };
  const metered = await meterCpu(countOf, { gateway, otp }, redis, () => runCount(load, count));
  await redis.client.flushall('SYNC');
  return metered;
}

interface Round {
  readonly floor: Metered<LoadReport>;
  readonly send?: Metered<LoadReport>;
  readonly check?: Metered<LoadReport>;
  readonly argon2?: { readonly hashesPerSecond: number; readonly send: Metered<LoadReport> };
}

/** Sends and checks as fast as one core takes them, beside FLOOR and bare Argon2id. */
export async function measureThroughput(bench: Bench): Promise<Finding[]> {
  const { only, rounds, scale } = bench.options;
  const wants = {
    send: only.has('send'),
    check: only.has('check') || only.has('checkCpu'),
    argon2: only.has('argon2'),
  };
  if (!wants.send && !wants.check && !wants.argon2) return [];
  const floor = await startFloor(bench);
  const cheap = await startStage(bench, CHEAPEST_DIGEST_KIB);
  const costly = wants.argon2 ? await startStage(bench, DEFAULT_DIGEST_KIB) : undefined;
  const bare = await startReference(bench, 'argon2-loop', { MEMORY_KIB: String(DEFAULT_DIGEST_KIB) });

  async function runRound(share: number): Promise<Round> {
    const counted = (count: number) => Math.ceil(count * scale * share);
    const floorRun = await floor.run(counted(COUNTS.floor));
    const send = wants.send ? { send: await runSends(cheap, counted(COUNTS.send)) } : {};
    const check = wants.check ? { check: await runChecks(cheap, counted(COUNTS.check)) } : {};
    if (!costly) return { floor: floorRun, ...send, ...check };
    const hashesPerSecond = Number(await bare.ask(String(counted(COUNTS.argon2Ms))));
    const argon2 = { hashesPerSecond, send: await runSends(costly, counted(COUNTS.sendDefault)) };
    return { floor: floorRun, ...send, ...check, argon2 };
  }

  await sendFirst(cheap);
  if (costly) await sendFirst(costly);
  await runRound(WARM_UP_SHARE);
  const taken: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    bench.progress(`throughput: round ${round} of ${rounds}`);
    taken.push(await runRound(1));
  }
  await bare.stop();
  await costly?.stop();
  await cheap.stop();
  await floor.process.stop();
  await floor.redis.stop();
  return describeRounds(bench, taken);
}

function describeRounds({ options: { only } }: Bench, rounds: readonly Round[]): Finding[] {
  const floor = rounds.map((round) => round.floor);
  const floorCpu = floor.map(({ cpu }) => cpu.FLOOR ?? Number.NaN);
  const found: Finding[] = [];
  for (const row of ['send', 'check'] as const) {
    const runs = rounds.flatMap((round) => round[row] ?? []);
    if (runs.length === 0) continue;
    if (only.has(row)) {
      const samples = runs.map((run, index) => run.result.perSecond / (floor[index]?.result.perSecond ?? Number.NaN));
      const byCpu = runs.map(({ cpu }, index) => (floorCpu[index] ?? Number.NaN) / servicesCpu(cpu));
      const absolute = `${describeRuns(runs)}; FLOOR ${describeRuns(floor)}; by CPU alone ${brief(median(byCpu))}`;
      found.push({ row, samples, absolute });
    }
    if (row === 'check' && only.has('checkCpu')) {
      const samples = runs.map((run, index) => productCpu(run.cpu) / (floorCpu[index] ?? Number.NaN));
      found.push({ row: 'checkCpu', samples, absolute: describeRuns(runs) });
    }
  }
  const argon2 = rounds.flatMap((round) => round.argon2 ?? []);
  if (argon2.length > 0) {
    const samples = argon2.map(({ send, hashesPerSecond }) => send.result.perSecond / hashesPerSecond);
    const hashes = whole(median(argon2.map(({ hashesPerSecond }) => hashesPerSecond)));
    const sends = describeRuns(argon2.map(({ send }) => send));
    found.push({ row: 'argon2', samples, absolute: `${sends}; Argon2id alone ${hashes}/s` });
  }
  return found;
}

/** The medians of what several rounds found. */
export function describeRuns(runs: readonly Metered<LoadReport>[]): string {
  const names = Object.keys(runs[0]?.cpu ?? {});
  const cpu: CpuPerRequest = Object.fromEntries(
    names.map((name) => [name, median(runs.map((run) => run.cpu[name] ?? Number.NaN))]),
  );
  const busy = median(runs.map((run) => (servicesCpu(run.cpu) * run.result.count) / run.result.seconds / 1e4));
  const refused = runs.reduce((sum, { result }) => sum + result.refused, 0);
  const remark = refused > 0 ? `, ${whole(refused)} refused` : '';
  return `${whole(median(runs.map(({ result }) => result.perSecond)))}/s, ${describeCpu(cpu)}, core ${busy.toFixed(0)} % busy${remark}`;
}
