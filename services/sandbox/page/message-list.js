/** @typedef {{id: string, channel: string, provider: string, to: string, text: string, code: string | null, at: string}} Message */

const template = document.querySelector('#message-template');
const list = document.querySelector('#messages');
const PROVIDER_NAMES = { twilio: 'Twilio', vonage: 'Vonage' };
const COPIED_MS = 1500;
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/**
 * Shows the messages, newest first. Items that stay are kept, so that focus and selection survive a change.
 * @param {Message[]} messages
 */
export function renderMessages(messages) {
  const kept = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const items = messages.map((message) => kept.get(message.id) ?? createItem(message));
  const wanted = new Set(items);
  for (const item of kept.values()) if (!wanted.has(item)) item.remove();
  items.forEach((item, position) => {
    if (list.children[position] !== item) list.insertBefore(item, list.children[position] ?? null);
  });
}

/** @param {Message} message */
function createItem({ id, channel, provider, to, text, code, at }) {
  const item = template.content.cloneNode(true).querySelector('li');
  item.dataset.id = id;
  item.querySelector('.to').textContent = to;
  item.querySelector('.provider-name').textContent = PROVIDER_NAMES[provider] ?? provider;
  item.querySelector('.provider-name').dataset.provider = provider;
  item.querySelector('.channel').textContent = channel.toUpperCase();
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
  return item;
}

/** The text as nodes, never as markup: a message is what a stranger wrote. */
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
  const label = button.textContent;
  button.textContent = await writeClipboard(text).then(
    () => 'Copied',
    () => 'Not allowed',
  );
  setTimeout(() => {
    button.textContent = label;
  }, COPIED_MS);
}

async function writeClipboard(text) {
  if (!navigator.clipboard) throw new Error('no clipboard on this page');
  await navigator.clipboard.writeText(text);
}
