// Writes more to stderr than a pipe holds, says on stdout that its event loop still turns, and flushes and ends when told to on stdin.
import { createLogger, flushLogs } from '../src/logger.ts';

const LINES = 2_000;
const logger = createLogger({ service: 'fixture', level: 'info' });
const padding = 'x'.repeat(500);
for (let line = 0; line < LINES; line += 1) logger.info({ line, padding }, 'a line');
setImmediate(() => process.stdout.write('turning\n'));
process.stdin.once('data', () => void flushLogs().then(() => process.exit(0)));
