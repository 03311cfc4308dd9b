/** `verification` is another name for `registration`; they share codes, pacing and streaks. */
export const canonicalPurpose = (purpose: string) => (purpose === 'verification' ? 'registration' : purpose);

/** Those that every project has; it may have others. */
export const KNOWN_PURPOSES = ['login', 'registration', 'password_reset', 'transaction'] as const;
