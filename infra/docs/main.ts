// Writes what is generated from the code: docs/configuration.md, .env.example, docs/metrics.md and docs/openapi.json.
import { writeFileSync } from 'node:fs';
import { generateDocs } from './generated.ts';

for (const { path, text } of await generateDocs()) {
  writeFileSync(path, text);
  process.stdout.write(`wrote ${path}\n`);
}
