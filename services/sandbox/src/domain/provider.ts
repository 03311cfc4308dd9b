/** The providers whose wire the sandbox speaks. */
export const PROVIDERS = ['twilio', 'vonage'] as const;
export type Provider = (typeof PROVIDERS)[number];

export function isProvider(name: string): name is Provider {
  return (PROVIDERS as readonly string[]).includes(name);
}
