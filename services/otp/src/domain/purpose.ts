/** `verification` is another name for `registration`; they share codes, pacing and streaks. */
export const canonicalPurpose = (purpose: string) => (purpose === 'verification' ? 'registration' : purpose);
