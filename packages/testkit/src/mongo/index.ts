export type { MongoServer, OutageServer } from './mongo-server.ts';
export { startOutageMongo, startTestMongo, type TestMongo } from './start-test-mongo.ts';
export { startWorkMongo } from './start-work-mongo.ts';
