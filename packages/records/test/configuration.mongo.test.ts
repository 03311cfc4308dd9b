import { describeMongo } from '@watchword/testkit/vitest';
import { testConfiguration } from './configuration-contract.ts';
import { mongoDatabases } from './mongo-databases.ts';

describeMongo('the configuration in MongoDB', (server) => {
  const { emptied, open } = mongoDatabases(server);
  testConfiguration(async () => open({ url: await emptied('configuration'), answerWithinMs: 10_000 }));
});
