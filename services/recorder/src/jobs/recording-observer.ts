import { type Logger, type Registry, recordedEventsTotal, recordingBatchesTotal } from '@watchword/platform';
import type { RecordingObserver } from '../ports.ts';

/** Turns what the recording comes to into metrics and log lines: positions and reasons, never fields. */
export function createRecordingObserver(registry: Registry, logger: Logger): RecordingObserver {
  const events = recordedEventsTotal(registry);
  const batches = recordingBatchesTotal(registry);
  return {
    recorded(recorded, poison) {
      events.inc({ result: 'recorded' }, recorded);
      events.inc({ result: 'poison' }, poison);
    },
    batch(result) {
      batches.inc({ result });
    },
    setAside(shard, position, reason) {
      logger.error({ shard, position, reason }, 'an event was set aside in poison_events');
    },
    failing(error) {
      logger.warn({ err: error }, 'recording waits: it tries again until it can');
    },
    recovered() {
      logger.info('recording goes on');
    },
  };
}
