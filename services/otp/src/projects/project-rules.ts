import type { SendingConfig } from '@watchword/contracts';
import type { ConfigCache, Logger } from '@watchword/platform';
import type { Sealer } from '@watchword/verifications';
import { z } from 'zod';
import type { CodePolicyOf, PurposePolicy } from '../domain/code-policies.ts';
import { createDestinationList } from '../domain/destination-list.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import { NO_RULES, type SendRules, toSendRules } from '../domain/send-rules.ts';
import type { ProjectRules, RulesOf } from '../ports.ts';

export interface RulesOfDeps {
  readonly cache: Pick<ConfigCache<'sending'>, 'atLeast'>;
  readonly policyOf: CodePolicyOf;
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly logger: Logger;
}

const entriesSchema = z.array(z.string());

/** The rules of a project, from the copy of its configuration: made of it once, when a new one is read. */
export function createRulesOf({ cache, policyOf, sealer, logger }: RulesOfDeps): RulesOf {
  const made = new WeakMap<SendingConfig, ProjectRules>();
  const defaults: ProjectRules = { policyFor: policyOf, purposes: [], sending: NO_RULES };

  function openLists(project: string, lists: SendingConfig['lists']): SendRules['lists'] {
    if (lists.length === 0) return 'none';
    const opened: Record<'allow' | 'block', string[]> = { allow: [], block: [] };
    for (const { id, kind, entries } of lists) {
      try {
        const text = sealer.unseal(Buffer.from(entries, 'base64'), id, 'entries');
        for (const entry of entriesSchema.parse(JSON.parse(text))) opened[kind].push(entry);
      } catch (error) {
        // Closed: who is on a list of blocked ones must not get a message because a key is missing. Its error may hold entries.
        logger.error({ project, list: id, reason: nameOf(error) }, 'a list cannot be read; its project sends nothing');
        return 'unreadable';
      }
    }
    return { allowed: createDestinationList(opened.allow), blocked: createDestinationList(opened.block) };
  }

  function toRules(project: string, config: SendingConfig): ProjectRules {
    // Not a plain object's look-up: `constructor` is a purpose like any other.
    const policies = new Map<string, PurposePolicy>();
    for (const [name, rules] of Object.entries(config.policies)) {
      const purpose = canonicalPurpose(name);
      policies.set(purpose, policyOf(purpose, rules));
    }
    return {
      policyFor: (purpose) => policies.get(purpose) ?? policyOf(purpose),
      purposes: [...policies.keys()],
      sending: toSendRules(config, openLists(project, config.lists)),
    };
  }

  return async function rulesOf({ project, epoch }) {
    const { config } = await cache.atLeast(project, epoch);
    if (config === null) return defaults;
    const known = made.get(config);
    if (known !== undefined) return known;
    const rules = toRules(project, config);
    made.set(config, rules);
    return rules;
  };
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : 'unknown');
