import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generateDocs } from './generated.ts';

test('the committed table of variables, .env.example, table of metrics and OpenAPI document are what the code generates (else: npm run docs)', async () => {
  for (const { path, text } of await generateDocs()) expect(readFileSync(path, 'utf8')).toBe(text);
});
