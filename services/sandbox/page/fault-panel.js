/** @typedef {{mode: string, count?: number, delay_ms: number, code?: number, receipt?: {mode: string}}} Fault */

const NAMES = { twilio: 'Twilio', vonage: 'Vonage' };
const MODES = [
  ['ok', 'Accepts every message'],
  ['down', 'Answers 503 with an empty body'],
  ['throttle', 'Says that there were too many requests'],
  ['auth', 'Refuses the credentials'],
  ['reject', 'Says that the number is bad'],
  ['hang', 'Reads the request and never answers'],
  ['reset', 'Reads the request and cuts the connection'],
  ['lost_answer', 'Accepts the message, then cuts the connection'],
];
const MEANINGS = new Map(MODES);
const RECEIPT_MODES = [
  'delivered',
  'undelivered',
  'no_receipt',
  'late_receipt',
  'duplicate_receipt',
  'early_receipt',
  'out_of_order',
  'bad_signature',
];

const template = document.querySelector('#provider-template');
const panel = document.querySelector('#providers');

/**
 * Shows each provider's present fault with a button for each mode.
 * @param {Record<string, Fault>} faults
 */
export function renderFaults(faults) {
  for (const [provider, fault] of Object.entries(faults)) {
    const card = panel.querySelector(`[data-provider="${provider}"]`) ?? createCard(provider);
    const badge = card.querySelector('.badge');
    badge.textContent = describeFault(fault);
    card.dataset.mode = fault.mode;
    card.querySelector('.meaning').textContent = `${MEANINGS.get(fault.mode)}.`;
    card.querySelector('.receipt').value = fault.receipt?.mode ?? 'delivered';
    for (const button of card.querySelectorAll('.modes button')) {
      button.setAttribute('aria-pressed', String(button.dataset.mode === fault.mode));
    }
  }
}

/** @param {Fault} fault */
function describeFault({ mode, count, delay_ms: delayMs, code, receipt }) {
  const parts = [mode.replace('_', ' ')];
  if (receipt !== undefined) parts.push(`receipts: ${receipt.mode.replaceAll('_', ' ')}`);
  if (code !== undefined) parts.push(`code ${code}`);
  if (count !== undefined) parts.push(`${count} ${count === 1 ? 'call' : 'calls'} left`);
  if (delayMs > 0) parts.push(`after ${delayMs} ms`);
  return parts.join(' · ');
}

function createCard(provider) {
  const card = template.content.cloneNode(true).querySelector('article');
  card.dataset.provider = provider;
  card.querySelector('h3').textContent = NAMES[provider] ?? provider;
  const modes = card.querySelector('.modes');
  modes.setAttribute('aria-label', `How ${NAMES[provider] ?? provider} behaves`);
  modes.append(
    ...MODES.map(([mode, meaning]) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.dataset.mode = mode;
      button.title = meaning;
      button.textContent = mode.replace('_', ' ');
      button.addEventListener('click', () => void setFault(provider, mode, card));
      return button;
    }),
  );
  const receipt = card.querySelector('.receipt');
  receipt.append(...RECEIPT_MODES.map((mode) => new Option(mode.replaceAll('_', ' '), mode)));
  receipt.addEventListener('change', () => void setFault(provider, card.dataset.mode, card));
  panel.append(card);
  return card;
}

async function setFault(provider, mode, card) {
  const count = card.querySelector('.count').valueAsNumber;
  const delayMs = card.querySelector('.delay').valueAsNumber;
  const receipt = card.querySelector('.receipt').value;
  const fault = {
    mode,
    ...(receipt === 'delivered' ? {} : { receipt: { mode: receipt } }),
    ...(Number.isNaN(count) ? {} : { count }),
    ...(Number.isNaN(delayMs) ? {} : { delay_ms: delayMs }),
  };
  const response = await fetch(`api/faults/${provider}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
  const answer = await response.json();
  if (response.ok) renderFaults({ [provider]: answer });
  else card.querySelector('.meaning').textContent = answer.detail ?? answer.title;
}
