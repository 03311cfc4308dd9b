/**
 * One connection to WhatsApp Web, as little of it as sending a code needs. The real one cannot be simulated (its handshake
 * checks a pinned key), so that everything else is tested behind this.
 */
export interface WhatsAppSocket {
  /** Whether WhatsApp knows the number: digits, without `+`. Rejects when nobody says. */
  knows(number: string): Promise<boolean>;
  /** Resolves when the message was written; WhatsApp's word on it comes as an ack of the same id. */
  sendText(number: string, text: string, messageId: string): Promise<void>;
  /** Takes this device off the phone's list of linked ones, which ends the session for WhatsApp. */
  logOut(): Promise<void>;
  /** Closes it without a further event. */
  end(): void;
}

export interface SocketEvents {
  /** To be shown to whoever pairs: a new one about every 20 s until one was scanned. */
  onQr(qr: string): void;
  onOpen(): void;
  /** WhatsApp's reason, as `DISCONNECTS` has it. */
  onClose(code: number): void;
  /** 0 error, 1 pending, 2 at the server, 3 delivered, 4 read, 5 played. */
  onAck(messageId: string, ack: number): void;
}

/** What a session consists of, by name; JSON. It opens the account: whoever has it reads and writes all messages. */
export interface Session {
  read(names: readonly string[]): Promise<Readonly<Record<string, string>>>;
  /** Null takes one away. */
  write(entries: Readonly<Record<string, string | null>>): Promise<void>;
  clear(): Promise<void>;
}

export type OpenSocket = (session: Session, events: SocketEvents) => Promise<WhatsAppSocket>;
