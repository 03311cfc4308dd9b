const MESSAGE_ID = /^[\x21-\x7e]{1,128}$/;

/** A provider's name for a message as we keep it: it goes into Redis, at acceptance and from receipts, so it is bounded. */
export const isMessageId = (value: unknown): value is string => typeof value === 'string' && MESSAGE_ID.test(value);
