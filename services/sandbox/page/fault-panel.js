import { channelName, nameOf, PROVIDERS } from './names.js';

/** @typedef {{mode: string, channel?: string, count?: number, delay_ms: number, code?: number | string, receipt?: {mode: string}}} Fault */

const MODES = [
  ['ok', 'Accepts every message'],
  ['down', 'Says that it is not available'],
  ['throttle', 'Says that there were too many requests'],
  ['auth', 'Refuses the credentials'],
  ['reject', 'Says that the address is bad'],
  ['hang', 'Reads the request and never answers'],
  ['reset', 'Reads the request and cuts the connection'],
  ['lost_answer', 'Accepts the message, then cuts the connection'],
];
const MEANINGS = new Map(MODES);
const RECEIPT_MODES = [
  'delivered',
  'read',
  'undelivered',
  'no_receipt',
  'late_receipt',
  'duplicate_receipt',
  'early_receipt',
  'out_of_order',
  'bad_signature',
];

const tileTemplate = document.querySelector('#tile-template');
const template = document.querySelector('#provider-template');
const tiles = document.querySelector('#tiles');
const panel = document.querySelector('#panel');
let present = {};

/**
 * Shows each provider's present fault on a tile, and that of the chosen one in the panel, with a button for each mode.
 * @param {Record<string, Fault>} faults
 */
export function renderFaults(faults) {
  present = { ...present, ...faults };
  for (const [provider, fault] of Object.entries(faults)) {
    const tile = tiles.querySelector(`[data-provider="${provider}"]`) ?? createTile(provider);
    tile.dataset.mode = fault.mode;
    tile.querySelector('.badge').textContent = fault.mode.replace('_', ' ');
    tile.querySelector('.tile-more').textContent = summarise(fault);
    const card = panel.querySelector(`[data-provider="${provider}"]`);
    if (card !== null) showFault(card, fault);
  }
}

/** What there is room for on a tile. @param {Fault} fault */
function summarise({ channel, count, receipt }) {
  const parts = [
    channel === undefined ? [] : [channelName(channel)],
    count === undefined ? [] : [`${count} left`],
    receipt === undefined ? [] : [receipt.mode.replaceAll('_', ' ')],
  ];
  return parts.flat().join(' · ');
}

/** @param {Fault} fault */
function describeFault({ mode, channel, count, delay_ms: delayMs, code, receipt }) {
  const parts = [mode.replace('_', ' ')];
  if (channel !== undefined) parts[0] += ` on ${channelName(channel)}`;
  if (receipt !== undefined) parts.push(`receipts: ${receipt.mode.replaceAll('_', ' ')}`);
  if (code !== undefined) parts.push(`code ${code}`);
  if (count !== undefined) parts.push(`${count} ${count === 1 ? 'call' : 'calls'} left`);
  if (delayMs > 0) parts.push(`after ${delayMs} ms`);
  return parts.join(' · ');
}

function createTile(provider) {
  const tile = tileTemplate.content.cloneNode(true).querySelector('button');
  tile.dataset.provider = provider;
  tile.querySelector('.tile-name').textContent = nameOf(provider);
  tile.querySelector('.tile-channels').textContent = (PROVIDERS[provider]?.channels ?? []).map(channelName).join(', ');
  tile.addEventListener('click', () => choose(tile.getAttribute('aria-expanded') === 'true' ? undefined : provider));
  tiles.append(tile);
  return tile;
}

/** Opens the panel of one provider; of none, closes it. */
function choose(provider) {
  for (const tile of tiles.children) tile.setAttribute('aria-expanded', String(tile.dataset.provider === provider));
  panel.replaceChildren(...(provider === undefined ? [] : [createCard(provider)]));
}

function createCard(provider) {
  const card = template.content.cloneNode(true).querySelector('article');
  card.dataset.provider = provider;
  card.querySelector('h3').textContent = nameOf(provider);
  const modes = card.querySelector('.modes');
  modes.setAttribute('aria-label', `How ${nameOf(provider)} behaves`);
  modes.append(...MODES.map(([mode, meaning]) => createModeButton(provider, mode, meaning, card)));
  const { channels = [], givesReceipts = false } = PROVIDERS[provider] ?? {};
  const channel = card.querySelector('.channel');
  channel.append(new Option('all channels', ''), ...channels.map((one) => new Option(channelName(one), one)));
  channel.value = present[provider].channel ?? '';
  card.querySelector('.of-channel').hidden = channels.length < 2;
  const receipt = card.querySelector('.receipt');
  receipt.append(...RECEIPT_MODES.map((mode) => new Option(mode.replaceAll('_', ' '), mode)));
  // It changes nothing else of the present fault but what is typed.
  receipt.addEventListener('change', () => void setFault(provider, card, present[provider]));
  card.querySelector('.of-receipts').hidden = !givesReceipts;
  showFault(card, present[provider]);
  return card;
}

function createModeButton(provider, mode, meaning, card) {
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.mode = mode;
  button.title = meaning;
  button.textContent = mode.replace('_', ' ');
  button.addEventListener('click', () => void setFault(provider, card, { mode }));
  return button;
}

/** What is typed or chosen for the next fault stays, and so does a refusal's reason until the fault changes. */
function showFault(card, fault) {
  const shown = JSON.stringify(fault);
  if (card.dataset.shown === shown) return;
  card.dataset.shown = shown;
  const description = describeFault(fault);
  const more = description === fault.mode.replace('_', ' ') ? '' : ` Now: ${description}.`;
  card.querySelector('.meaning').textContent = `${MEANINGS.get(fault.mode)}.${more}`;
  card.querySelector('.receipt').value = fault.receipt?.mode ?? 'delivered';
  for (const button of card.querySelectorAll('.modes button')) {
    button.setAttribute('aria-pressed', String(button.dataset.mode === fault.mode));
  }
}

/** @param {Partial<Fault>} usual where nothing is typed */
async function setFault(provider, card, usual) {
  const meaning = card.querySelector('.meaning');
  try {
    const response = await fetch(`api/faults/${provider}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...usual, ...readFields(card) }),
    });
    const answer = await response.json();
    if (!response.ok) {
      meaning.textContent = answer.detail ?? answer.title;
      return;
    }
    // Shown again even if it is the same: a refusal's reason may stand there.
    delete card.dataset.shown;
    renderFaults({ [provider]: answer });
  } catch {
    meaning.textContent = 'The sandbox does not answer.';
    // What holds then is shown when it is back.
    delete card.dataset.shown;
  }
}

/** What is typed; of the lists, which always say something, what they say. JSON leaves out what is undefined. */
function readFields(card) {
  const field = (name) => card.querySelector(name);
  const count = field('.count').valueAsNumber;
  const delayMs = field('.delay').valueAsNumber;
  const code = field('.code').value.trim();
  const receipt = field('.receipt').value;
  return {
    channel: field('.channel').value || undefined,
    receipt: receipt === 'delivered' ? undefined : { mode: receipt },
    ...(Number.isNaN(count) ? {} : { count }),
    ...(Number.isNaN(delayMs) ? {} : { delay_ms: delayMs }),
    ...(code === '' ? {} : { code }),
  };
}
