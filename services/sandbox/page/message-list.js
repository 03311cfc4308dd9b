import { createDetails } from './message-details.js';
import { channelName, nameOf } from './names.js';

/**
 * @typedef {{status: string, at: string, answered: number | null}} Receipt
 * @typedef {{id: string, channel: string, provider: string, to: string, subject: string | null, text: string,
 *   html: string | null, code: string | null, segments: number | null, receipts: Receipt[], at: string}} Message
 */

const template = document.querySelector('#message-template');
const list = document.querySelector('#messages');
const COPIED_MS = 1500;
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/**
 * Shows the messages, newest first. Items that stay are kept, so that focus and selection survive a change.
 * @param {Message[]} messages
 */
export function renderMessages(messages) {
  const kept = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const items = messages.map((message) => {
    const item = kept.get(message.id) ?? createItem(message);
    showReceipts(item, message);
    return item;
  });
  const wanted = new Set(items);
  for (const item of kept.values()) if (!wanted.has(item)) item.remove();
  items.forEach((item, position) => {
    if (list.children[position] !== item) list.insertBefore(item, list.children[position] ?? null);
  });
}

/** @param {Message} message */
function createItem(message) {
  const { id, channel, provider, to, subject, text, code, segments, at } = message;
  const item = template.content.cloneNode(true).querySelector('li');
  const put = (selector, content) => {
    const element = item.querySelector(selector);
    if (content === null) element.remove();
    else element.textContent = content;
  };
  item.dataset.id = id;
  item.querySelector('.channel').dataset.channel = channel;
  put('.channel', channelName(channel));
  put('.to', to);
  item.querySelector('.to').title = to;
  put('.provider-name', nameOf(provider));
  put('.segments', segments !== null && segments > 1 ? `${segments} parts` : null);
  put('.subject', subject);
  const when = item.querySelector('time');
  when.dateTime = at;
  when.title = at;
  when.textContent = time.format(new Date(at));
  item.querySelector('.text').replaceChildren(...highlight(text, code));
  const copy = item.querySelector('.copy');
  if (code === null) copy.remove();
  else {
    copy.textContent = 'Copy code';
    copy.addEventListener('click', () => copyText(code, copy));
  }
  const more = item.querySelector('.more');
  more.setAttribute('aria-label', `Details of ${channelName(channel)} to ${to}`);
  more.addEventListener('click', () => void toggleDetails(item, id));
  return item;
}

/** The last receipt beside the message, and all of them in its details when those are open. */
function showReceipts(item, { receipts }) {
  item.receipts = receipts;
  const chip = item.querySelector('.receipt');
  const last = receipts.at(-1);
  chip.hidden = last === undefined;
  if (last === undefined || item.dataset.receipts === String(receipts.length)) return;
  item.dataset.receipts = String(receipts.length);
  chip.textContent = last.status;
  chip.dataset.answer = isTaken(last) ? 'taken' : 'refused';
  chip.title = isTaken(last) ? 'The receipt was taken' : 'The receipt was not taken';
  item.details?.showReceipts(receipts);
}

const isTaken = ({ answered }) => answered !== null && answered < 300;

async function toggleDetails(item, id) {
  const more = item.querySelector('.more');
  const place = item.querySelector('.details');
  const isOpen = more.getAttribute('aria-expanded') === 'true';
  more.setAttribute('aria-expanded', String(!isOpen));
  place.hidden = isOpen;
  if (isOpen || item.details !== undefined) return;
  const message = await readMessage(id);
  if (message === undefined) {
    place.textContent = 'It could not be read. Close and open it to try again.';
    return;
  }
  item.details = createDetails(message);
  // Receipts that came while it was read have been told to the item alone; its list may be the older one, too.
  if (item.receipts.length > message.receipts.length) item.details.showReceipts(item.receipts);
  place.replaceChildren(item.details.element);
}

/** Undefined when the sandbox is away, or has it no longer: then the item goes with the next change. */
async function readMessage(id) {
  try {
    const response = await fetch(`api/messages/${encodeURIComponent(id)}`);
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/** The text as nodes, never as markup: a message is what a stranger wrote. A code that is spoken apart is not marked. */
function highlight(text, code) {
  const start = code === null ? -1 : text.indexOf(code);
  if (start < 0) return [text];
  const mark = document.createElement('mark');
  mark.textContent = code;
  return [text.slice(0, start), mark, text.slice(start + code.length)];
}

/**
 * Copies and says so on the button. Browsers refuse on a plain-HTTP page of another machine; then the button says that.
 * @param {string} text
 * @param {HTMLButtonElement} button
 */
export async function copyText(text, button) {
  // Of a second click the label is what the first one says.
  button.dataset.label ??= button.textContent;
  button.textContent = await writeClipboard(text).then(
    () => 'Copied',
    () => 'Not allowed',
  );
  setTimeout(() => {
    button.textContent = button.dataset.label;
  }, COPIED_MS);
}

async function writeClipboard(text) {
  if (!navigator.clipboard) throw new Error('no clipboard on this page');
  await navigator.clipboard.writeText(text);
}
