/** What a provider did with one attempt, in our words. Only `configuration`, `transient` and `unknown` count against its health. */
export const ATTEMPT_OUTCOMES = ['accepted', 'rejected', 'transient', 'unknown'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

export const REJECTION_CLASSES = ['destination', 'configuration', 'content', 'fraud'] as const;
export type RejectionClass = (typeof REJECTION_CLASSES)[number];
