export type { AuditTrail } from './audit.ts';
export * from './batches.ts';
export * from './blind-index.ts';
export type { QuotaDocument, StatisticsDocument, TokenDocument } from './collections/accounting.ts';
export type { UserDocument } from './collections/accounts.ts';
export type {
  ApiKeyDocument,
  AuditDocument,
  ListDocument,
  PlanDocument,
  PlatformSettingsDocument,
  PolicyDocument,
  ProjectDocument,
  ProviderDocument,
  RouteDocument,
  RoutedProvider,
  TemplateDocument,
} from './collections/configuration.ts';
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
export type { Configuration } from './configuration.ts';
export type { ChangeMark } from './configuration-marks.ts';
export type { ChangeOutcome, Versioned } from './configuration-shelf.ts';
export type { LeaseTable, ShardLease } from './leases.ts';
export { migrateRecords } from './migrations/migrate-records.ts';
export type { Migrated, Progress } from './migrations/migrated.ts';
export { comparePositions } from './positions.ts';
export { createRecords, openRecords, type Records, type RecordsOptions } from './records.ts';
export type { OtherKey, SealedCollection, SealedDocument } from './resealing.ts';
export type { Cutoffs, Due } from './retention.ts';
export type { RecordsSearch, VerificationSearch } from './search.ts';
export { openSqliteStore } from './sqlite/sqlite-store.ts';
export {
  addCounters,
  type EmptyTally,
  monthOf,
  quotaTally,
  type ShardTally,
  type StatisticsRow,
  statisticsTally,
} from './statistics.ts';
export {
  type Page,
  type PageCursor,
  RecordsConflict,
  RecordsRejected,
  RecordsUnavailable,
  type Store,
} from './store.ts';
export {
  type RecordsConfig,
  type RecordsTarget,
  recordsTarget,
  recordsVariables,
  requiredRecordsTarget,
} from './variables.ts';
