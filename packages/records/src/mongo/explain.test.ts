import { expect, test } from 'vitest';
import { indexOfExplanation } from './explain.ts';

// As https://www.mongodb.com/docs/manual/reference/explain-results/ shows them, cut down to what is read.
const ofMongo = (winningPlan: object, rejectedPlans: object[] = []) => ({
  explainVersion: '1',
  queryPlanner: { namespace: 'watchword.verifications', winningPlan, rejectedPlans },
  command: { find: 'verifications', filter: { stage: 'COLLSCAN' } },
});
const rejected = [{ stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: 'verifications_status' } }];

test.each([
  [
    'an index scan under a fetch and a limit',
    ofMongo(
      {
        stage: 'LIMIT',
        inputStage: { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: 'verifications_project_opened_at' } },
      },
      rejected,
    ),
    'verifications_project_opened_at',
  ],
  ['a whole collection', ofMongo({ stage: 'SORT', inputStage: { stage: 'COLLSCAN' } }, rejected), null],
  ['one id', ofMongo({ stage: 'IDHACK' }), 'id'],
  ['one id, since MongoDB 8', ofMongo({ stage: 'EXPRESS_IXSCAN', indexName: '_id_' }), 'id'],
  ['several ids', ofMongo({ stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: '_id_' } }), 'id'],
  [
    'the slot-based engine',
    ofMongo({ isCached: false, queryPlan: { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: 'a_b' } } }),
    'a_b',
  ],
  [
    'a sharded cluster',
    ofMongo({ stage: 'SHARD_MERGE', shards: [{ winningPlan: { stage: 'IXSCAN', indexName: 'a_b' } }] }),
    'a_b',
  ],
])('the index of %s is read from a plan of MongoDB', (_, explanation, index) => {
  expect(indexOfExplanation(explanation)).toBe(index);
});
