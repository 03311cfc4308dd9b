/** `verification` is another name for `registration`; what is decided for one holds for both. */
export const canonicalPurpose = (purpose: string) => (purpose === 'verification' ? 'registration' : purpose);
