export * from './batches.ts';
export * from './blind-index.ts';
export type {
  AttemptDocument,
  DeliveryDocument,
  EventDocument,
  PoisonDocument,
  ReceiptDocument,
  ReportDocument,
  ShardCursor,
  VerificationDocument,
} from './collections.ts';
export type { LeaseTable, ShardLease } from './leases.ts';
export type { Page } from './reading.ts';
export { openRecords, type Records } from './records.ts';
export { type PageCursor, RecordsRejected, RecordsUnavailable } from './store.ts';
