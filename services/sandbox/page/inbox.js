import { renderFaults } from './fault-panel.js';
import { copyText, renderMessages } from './message-list.js';

/** What the page shows at most: a load test must not kill it. */
const SHOWN_MAX = 200;
const FILTER_DELAY_MS = 150;
const RETRY_MS = 2_000;
/** Characters of the shortest address that is worth a look-up. */
const WHOLE_MIN = 6;
const NUMBER = /^[1-9]\d{5,14}$/;

const find = (selector) => document.querySelector(selector);
const filter = find('#filter');
let stream;
let total = 0;
let retryTimer;
let isReading = false;
let isStale = false;

/** Reads the newest messages again; changes during a read make one more read, never a pile of them. */
async function refresh() {
  isStale = true;
  if (isReading) return;
  isReading = true;
  try {
    while (isStale) {
      isStale = false;
      show(await readMessages(filter.value));
    }
    setConnection(stream.readyState === EventSource.OPEN ? 'live' : 'lost');
  } catch {
    // The sandbox is away, or too busy.
    setConnection('lost');
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => void refresh(), RETRY_MS);
  } finally {
    isReading = false;
  }
}

/** A whole address is looked up in the whole inbox; part of one among the newest messages. */
async function readMessages(wanted) {
  const newest = await fetchMessages(`limit=${SHOWN_MAX}`);
  const part = wanted.trim().toLowerCase();
  if (part === '') return newest;
  // A number may be written with spaces and brackets, or without its plus.
  const digits = /^[+\d\s().-]+$/.test(part) ? part.replace(/\D/g, '') : undefined;
  const isWhole = digits === undefined ? part.length >= WHOLE_MIN : NUMBER.test(digits);
  const whole = digits === undefined ? wanted.trim() : `+${digits}`;
  const exact = isWhole ? await fetchMessages(`limit=${SHOWN_MAX}&to=${encodeURIComponent(whole)}`) : [];
  const known = new Set(exact.map(({ id }) => id));
  const partly = newest.filter(({ id, to }) => !known.has(id) && to.toLowerCase().includes(digits ?? part));
  return [...exact, ...partly].toSorted((a, b) => b.at.localeCompare(a.at)).slice(0, SHOWN_MAX);
}

async function fetchMessages(query) {
  const response = await fetch(`api/messages?${query}`);
  // What is typed may be no address at all.
  if (response.status === 400) return [];
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return response.json();
}

function show(messages) {
  renderMessages(messages);
  find('#empty').hidden = total > 0 || messages.length > 0;
  find('#no-match').hidden = messages.length > 0 || total === 0;
  find('#summary').textContent = summarise(messages.length);
}

function summarise(shown) {
  if (total === 0) return '';
  const all = `${total.toLocaleString()} ${total === 1 ? 'message' : 'messages'}`;
  if (filter.value.trim() !== '') return `${shown.toLocaleString()} shown of ${all}`;
  return total > shown ? `newest ${shown} of ${all}` : all;
}

function setConnection(state) {
  const connection = find('#connection');
  connection.dataset.state = state;
  connection.textContent = state === 'live' ? 'live' : 'reconnecting…';
}

function listen() {
  stream = new EventSource('api/messages/stream');
  stream.addEventListener('change', ({ data }) => {
    const state = JSON.parse(data);
    total = state.total;
    setConnection('live');
    renderFaults(state.faults);
    void refresh();
  });
  stream.addEventListener('error', () => {
    setConnection('lost');
    // The browser tries again by itself unless somebody else answered in the sandbox's place.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  });
}

let filterTimer;
filter.addEventListener('input', () => {
  clearTimeout(filterTimer);
  filterTimer = setTimeout(() => void refresh(), FILTER_DELAY_MS);
});
/** What it changes comes back by the stream. */
const clear = (path) => fetch(path, { method: 'DELETE' }).catch(() => setConnection('lost'));
find('#clear-faults').addEventListener('click', () => clear('api/faults'));
find('#clear-messages').addEventListener('click', () => clear('api/messages'));

find('#example').textContent = [
  `curl -u ACsandbox:any ${location.origin}/2010-04-01/Accounts/ACsandbox/Messages.json \\`,
  `  --data-urlencode 'To=+14155550123' --data-urlencode 'From=+14155550100' \\`,
  `  --data-urlencode 'Body=Your login OTP is 123456.'`,
].join('\n');
find('#copy-example').addEventListener('click', ({ currentTarget }) =>
  copyText(find('#example').textContent, currentTarget),
);

listen();
