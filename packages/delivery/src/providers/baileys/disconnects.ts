/** What the end of a connection asks for: another one, another one at once, or a person. */
type AfterDisconnect = 'reconnect' | 'reconnect_now' | 'stop' | 'pair_again';

/**
 * Why WhatsApp Web ended a connection. Codes change meaning: keep the date. Source: `DisconnectReason` of Baileys 7.0.0-rc14,
 * as of 2026-11-21. 401 is a log-out on the phone, 411 a phone without the beta of several devices: both need pairing. 403 is
 * a ban. 440 is another connection with this session: two that reconnect would throw each other out for ever. 500 is called a bad
 * session, but stands for every stream error that came without a code (`getErrorCodeFromStreamError`), so a session is not thrown
 * away for it. 515 comes behind each pairing.
 */
const DISCONNECTS: ReadonlyMap<number, AfterDisconnect> = new Map([
  [401, 'pair_again'],
  [403, 'stop'],
  [408, 'reconnect'],
  [411, 'pair_again'],
  [428, 'reconnect'],
  [440, 'stop'],
  [500, 'reconnect'],
  [503, 'reconnect'],
  [515, 'reconnect_now'],
]);

export const afterDisconnect = (code: number): AfterDisconnect => DISCONNECTS.get(code) ?? 'reconnect';
