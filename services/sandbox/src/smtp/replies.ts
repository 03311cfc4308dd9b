import type { Fault } from '../domain/faults.ts';

/** A refusal in a relay's words. smtp-server sends `responseCode` and the message. */
export class SmtpRefusal extends Error {
  override readonly name = 'SmtpRefusal';
  readonly responseCode: number;
  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

/** The command that a refusal answers. */
export type Stage = 'connect' | 'auth' | 'sender' | 'recipient' | 'message';

interface Reply {
  readonly stage: Stage;
  readonly code: number;
  /** Enhanced status code (RFC 3463) and words. */
  readonly text: string;
}

/** What a relay says of a recipient, a sender or a message, by the reply's code; sources: RFC 5321 section 4.2.3, RFC 3463. */
const REJECTIONS: Readonly<Record<number, Omit<Reply, 'code'>>> = {
  550: { stage: 'recipient', text: '5.1.1 No such user here' },
  551: { stage: 'recipient', text: '5.1.6 User not local' },
  552: { stage: 'recipient', text: '5.2.2 Mailbox full' },
  553: { stage: 'sender', text: '5.1.8 Sender address rejected' },
  554: { stage: 'message', text: '5.7.1 Message refused by policy' },
  556: { stage: 'recipient', text: '5.1.10 Domain does not accept mail' },
};

/** How a fault that refuses does so; undefined for one that does not. */
export function replyOf({ mode, code }: Fault): Reply | undefined {
  switch (mode) {
    case 'down':
      return { stage: 'connect', code: 421, text: '4.3.2 Service not available, closing transmission channel' };
    case 'throttle':
      return { stage: 'sender', code: Number(code ?? 450), text: '4.7.1 Too much mail, slow down' };
    case 'auth':
      return { stage: 'auth', code: Number(code ?? 535), text: '5.7.8 Authentication credentials invalid' };
    case 'reject': {
      const number = Number(code ?? 550);
      const { stage, text } = REJECTIONS[number] ?? {
        stage: 'recipient',
        text: number < 500 ? '4.2.0 Try later' : '5.0.0 No',
      };
      return { stage, code: number, text };
    }
    default:
      return undefined;
  }
}
