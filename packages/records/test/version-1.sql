CREATE TABLE "verifications" ("id" TEXT NOT NULL PRIMARY KEY, "project" TEXT NOT NULL, "mode" TEXT NOT NULL, "purpose" TEXT NOT NULL, "country" TEXT NOT NULL, "status" TEXT NOT NULL, "undeliverable" INTEGER NOT NULL, "destination" BLOB NOT NULL, "destination_index" BLOB, "destination_index_key" INTEGER, "context" BLOB, "code_ttl_ms" INTEGER NOT NULL, "checks_remaining" INTEGER NOT NULL, "last_delivery" INTEGER NOT NULL, "opened_at" INTEGER NOT NULL, "expires_at" INTEGER NOT NULL, "ended_at" INTEGER, "token_consumed_at" INTEGER, "applied_seq" INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX "verifications_opened_at" ON "verifications" ("opened_at");
CREATE INDEX "verifications_project_opened_at" ON "verifications" ("project", "opened_at");
CREATE INDEX "verifications_destination_index_opened_at" ON "verifications" ("destination_index", "opened_at");
CREATE INDEX "verifications_status" ON "verifications" ("status");
CREATE INDEX "verifications_purpose" ON "verifications" ("purpose");
CREATE TABLE "deliveries" ("id" TEXT NOT NULL PRIMARY KEY, "verification" TEXT NOT NULL, "ordinal" INTEGER NOT NULL, "channel" TEXT NOT NULL, "status" TEXT NOT NULL, "queued_at" INTEGER NOT NULL, "ended_at" INTEGER, "applied_seq" INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX "deliveries_verification_ordinal" ON "deliveries" ("verification", "ordinal");
CREATE TABLE "attempts" ("id" TEXT NOT NULL PRIMARY KEY, "verification" TEXT NOT NULL, "delivery" TEXT NOT NULL, "ordinal" INTEGER NOT NULL, "provider" TEXT, "outcome" TEXT, "class" TEXT, "provider_code" TEXT, "provider_message_id" TEXT, "started_at" INTEGER NOT NULL, "settled_at" INTEGER, "applied_seq" INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX "attempts_verification_started_at" ON "attempts" ("verification", "started_at");
CREATE TABLE "receipts" ("id" TEXT NOT NULL PRIMARY KEY, "verification" TEXT NOT NULL, "delivery" TEXT NOT NULL, "attempt" TEXT NOT NULL, "provider" TEXT NOT NULL, "status" TEXT NOT NULL, "delivery_status" TEXT, "provider_code" TEXT, "received_at" INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX "receipts_verification_received_at" ON "receipts" ("verification", "received_at");
CREATE TABLE "events" ("id" TEXT NOT NULL PRIMARY KEY, "verification" TEXT NOT NULL, "seq" INTEGER NOT NULL, "type" TEXT NOT NULL, "at" INTEGER NOT NULL, "data" TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX "events_verification_seq" ON "events" ("verification", "seq");
CREATE TABLE "poison_events" ("id" TEXT NOT NULL PRIMARY KEY, "shard" TEXT NOT NULL, "position" TEXT NOT NULL, "fields" TEXT NOT NULL, "reason" TEXT NOT NULL, "set_aside_at" INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX "poison_events_set_aside_at" ON "poison_events" ("set_aside_at");
CREATE TABLE "shard_cursors" ("id" TEXT NOT NULL PRIMARY KEY, "position" TEXT NOT NULL, "owner" TEXT, "epoch" INTEGER NOT NULL, "leased_until" INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE "recorders" ("id" TEXT NOT NULL PRIMARY KEY, "alive_until" INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE "reports" ("id" TEXT NOT NULL PRIMARY KEY, "total" INTEGER NOT NULL, "active" INTEGER NOT NULL, "expired" INTEGER NOT NULL, "used" INTEGER NOT NULL, "by_type" TEXT NOT NULL, "cutoff" INTEGER NOT NULL, "due" INTEGER NOT NULL, "deleted" INTEGER NOT NULL, "made_at" INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO verifications VALUES
  ('v1', 'p-1', 'test', 'login', 'US', 'approved', 0, x'07ff00', x'0a', 1, NULL, 300000, 3, 1, 1700000000000, 1700000300000, 1700000001000, NULL, 4),
  ('v2', 'p-1', 'test', 'login', 'US', 'expired', 1, x'', NULL, NULL, x'01', 300000, 0, 1, 1700000000001, 1700000300001, NULL, NULL, 2);
INSERT INTO deliveries VALUES ('del_v1-1', 'v1', 1, 'sms', 'delivered', 1700000000000, 1700000000900, 3);
INSERT INTO attempts VALUES ('att_v1-1-1', 'v1', 'del_v1-1', 1, 'sandbox', 'accepted', NULL, NULL, 'm-1', 1700000000100, 1700000000200, 3);
INSERT INTO events VALUES ('v1-1', 'v1', 1, 'verification.opened', 1700000000000, '{"odd":true}');
INSERT INTO shard_cursors VALUES ('00', '5-0', 'rec-a', 3, 1700000000000);
PRAGMA user_version = 1;
