#!/usr/bin/env node
// `npx watchword …` in a checkout: the same hand-over as every script of package.json.
process.argv.splice(2, 0, 'watchword');
await import('./bootstrap.mjs');
