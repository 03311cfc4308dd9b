import { KEY_CALLS } from '@watchword/contracts';
import { toApiKey } from '../domain/answers.ts';
import type { MintedKey } from '../domain/mint-key.ts';
import { answerPage } from '../domain/page-cursor.ts';
import type { ConfigurationStore, KeyUse } from '../ports.ts';
import type { createKeyUseCases } from '../usecases/keys.ts';
import { bindCalls } from './bind-calls.ts';

export interface KeyRoutesDeps {
  readonly useCases: ReturnType<typeof createKeyUseCases>;
  readonly configuration: Pick<ConfigurationStore, 'keys'>;
  readonly keyUse: KeyUse;
  readonly now: () => number;
}

export function keyRoutes({ useCases, configuration, keyUse, now }: KeyRoutesDeps) {
  const toNewKey = ({ key, document }: MintedKey) => ({ ...toApiKey(document, now()), key });

  return bindCalls(KEY_CALLS, {
    createKey: async ({ body, context }) => toNewKey(await useCases.createKey(body, context)),
    listKeys: async ({ query, context }) => {
      const project = await useCases.listedProject(query, context);
      const lastUsed = await keyUse.lastUsed(project);
      return answerPage(
        query,
        { of: ['keys', project], by: 'number' },
        (after, limit) => configuration.keys.list(project, after, limit),
        (key) => toApiKey(key, now(), lastUsed.get(key.id)),
      );
    },
    readKey: async ({ params, context }) => {
      const key = await useCases.readKey(params.id, context);
      return toApiKey(key, now(), (await keyUse.lastUsed(key.project)).get(key.id));
    },
    changeKey: async ({ params, body, context }) => toApiKey(await useCases.changeKey(params.id, body, context), now()),
    rotateKey: async ({ params, body, context }) => toNewKey(await useCases.rotateKey(params.id, body, context)),
    revokeKey: ({ params, context }) => useCases.revokeKey(params.id, context),
  });
}
