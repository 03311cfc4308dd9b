import { describe, expect, it } from 'vitest';
import { readSpeech } from './twiml.ts';

describe('readSpeech', () => {
  it('reads what is said, line by line, without marks and pauses', () => {
    const twiml = `<?xml version="1.0" encoding="UTF-8"?><Response><Say language="en-US">Your code is
      <break time="1s"/>1 2 3 &amp; 4.</Say><Pause length="1"/><Say>Caf&#233; &#x41; &amp;lt;</Say></Response>`;
    expect(readSpeech(twiml)).toBe('Your code is 1 2 3 & 4.\nCafé A &lt;');
  });

  it.each(['', 'Your code is 1 2 3', '<Response><Say>never closed</Say>', '<Say>1</Say>'])(
    'takes %j for no TwiML',
    (twiml) => {
      expect(readSpeech(twiml)).toBeUndefined();
    },
  );
});
