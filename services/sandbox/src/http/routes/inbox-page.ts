import { readFileSync } from 'node:fs';
import type { HttpApp } from '@watchword/platform';

/** The page lies beside `src` and `dist`, at the same distance from both. */
const PAGE = new URL('../../../page/', import.meta.url);

const FILES = [
  { path: '/', file: 'inbox.html', type: 'text/html; charset=utf-8' },
  { path: '/inbox.css', file: 'inbox.css', type: 'text/css; charset=utf-8' },
  { path: '/fault-panel.css', file: 'fault-panel.css', type: 'text/css; charset=utf-8' },
  { path: '/message-list.css', file: 'message-list.css', type: 'text/css; charset=utf-8' },
  { path: '/inbox.js', file: 'inbox.js', type: 'text/javascript; charset=utf-8' },
  { path: '/fault-panel.js', file: 'fault-panel.js', type: 'text/javascript; charset=utf-8' },
  { path: '/message-details.js', file: 'message-details.js', type: 'text/javascript; charset=utf-8' },
  { path: '/message-list.js', file: 'message-list.js', type: 'text/javascript; charset=utf-8' },
  { path: '/names.js', file: 'names.js', type: 'text/javascript; charset=utf-8' },
  { path: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
] as const;

/** Messages hold what strangers wrote: nothing but the page's own files may run, and no other page may frame it. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

export function inboxPageRoute(app: HttpApp): void {
  for (const { path, file, type } of FILES) {
    const content = readFileSync(new URL(file, PAGE));
    app.get(path, async (_request, reply) => reply.headers(HEADERS).type(type).send(content));
  }
}
