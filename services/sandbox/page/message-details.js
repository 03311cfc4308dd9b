import { PROVIDERS } from './names.js';

const template = document.querySelector('#details-template');
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/**
 * All of one message: its markup in a frame where nothing runs, what was told of it, and the request that brought it.
 * @param {import('./message-list.js').Message & {request: {line: string, headers: Record<string, string>, body: string} | null}} message
 */
export function createDetails({ id, provider, html, receipts, request }) {
  const element = document.createElement('div');
  element.className = 'details-content';
  element.append(template.content.cloneNode(true));
  const find = (selector) => element.querySelector(selector);
  if (html === null) find('.markup').remove();
  else find('iframe').src = `api/messages/${encodeURIComponent(id)}/html`;
  showRequest(find, request);

  const place = find('.receipts');
  place.hidden = !PROVIDERS[provider]?.givesReceipts;

  function showReceipts(told) {
    find('.receipts table').hidden = told.length === 0;
    find('.receipts .none').hidden = told.length > 0;
    find('tbody').replaceChildren(...told.map(createRow));
  }
  showReceipts(receipts);
  return { element, showReceipts };
}

function showRequest(find, request) {
  find('.request .line').textContent = request?.line ?? 'No longer kept.';
  find('.request .headers').textContent = Object.entries(request?.headers ?? {})
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  find('.request .body').textContent = request === null ? '' : legible(request);
  if (request === null) for (const empty of ['.headers', '.body']) find(`.request ${empty}`).remove();
}

/** JSON with line breaks, a form one field a line; anything else as it is. */
function legible({ headers, body }) {
  const type = headers['content-type'] ?? '';
  if (type.includes('form'))
    return [...new URLSearchParams(body)].map(([name, value]) => `${name}=${value}`).join('\n');
  if (!type.includes('json')) return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    // A provider takes less than all JSON, and the inbox shows what it took.
    return body;
  }
}

/** @param {import('./message-list.js').Receipt} receipt */
function createRow({ status, at, answered }) {
  const row = document.createElement('tr');
  const cells = [status, time.format(new Date(at)), answered ?? 'no answer'];
  for (const content of cells) row.insertCell().textContent = String(content);
  row.dataset.answer = answered !== null && answered < 300 ? 'taken' : 'refused';
  return row;
}
