import { Secret } from '@watchword/platform';

/**
 * What the made-up accounts at the sandbox sign with. Whoever reads this can sign for them, so their receipts count in test mode
 * only. A project's have a token each: so receipts tell of the provider that they came from.
 */
export const PLATFORM_SANDBOX_TOKEN = new Secret('sandbox');
export const sandboxTokenOf = (provider: string) => new Secret(`sandbox-${provider}`);
