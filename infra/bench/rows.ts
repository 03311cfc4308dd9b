/** A row of the table in the design's page on performance. */
export interface Row {
  readonly measure: string;
  readonly goal: number;
  readonly stretch: number;
  /** Ratios of speed are better high, all else low. */
  readonly better: 'high' | 'low';
}

const high = (measure: string, goal: number, stretch: number): Row => ({ measure, goal, stretch, better: 'high' });
const low = (measure: string, goal: number, stretch: number): Row => ({ measure, goal, stretch, better: 'low' });

export const ROWS = {
  send: high('send, gateway + otp, cheapest digest (m = 8 KiB) ÷ FLOOR', 0.3, 0.4),
  check: high('check, gateway + otp, cheapest digest ÷ FLOOR', 0.45, 0.65),
  argon2: high('send with Argon2id at its default cost ÷ the isolated Argon2id rate of that core', 0.8, 0.9),
  worker: high('worker, provider of 20 ms ÷ BullMQ no-op worker, both at 200 in flight', 0.45, 0.6),
  ideal200: high('worker ÷ ideal, 200 in flight, provider of 100 ms', 0.95, 0.95),
  ideal1000: high('worker ÷ ideal, 1000 in flight, provider of 100 ms', 0.8, 0.8),
  p99: low('p99 of send ÷ p99 of FLOOR at 1,500/s', 3, 2),
  idle: low('open → provider call, idle system, p50, ms', 5, 3),
  bytes: low('Redis bytes per open verification, without its events', 450, 300),
  jobBytes: low('Redis bytes per queued delivery', 1000, 800),
  crowd: low('p99 of send with many open verifications ÷ with 10³', 1.2, 1.05),
  sendCpu: low('CPU per delivered code, all processes and Redis ÷ CPU of FLOOR per request', 10, 6.6),
  checkCpu: low('CPU per check, all processes and Redis ÷ CPU of FLOOR per request', 3.2, 2.2),
  rss: low('idle RSS of one service, MB', 110, 90),
} as const satisfies Record<string, Row>;

export type RowId = keyof typeof ROWS;
export const ROW_IDS = Object.keys(ROWS) as RowId[];

/** What a measure found for a row. */
export interface Finding {
  readonly row: RowId;
  /** The row's figure in each round. */
  readonly samples: readonly number[];
  /** The figures behind it, for a person. */
  readonly absolute: string;
}

/** Whether a figure reaches the row's stretch, its goal, or neither. */
export function judge(row: Row, figure: number): 'stretch' | 'goal' | 'missed' {
  const reaches = (mark: number) => (row.better === 'high' ? figure >= mark : figure <= mark);
  if (reaches(row.stretch)) return 'stretch';
  return reaches(row.goal) ? 'goal' : 'missed';
}
