export { describeMongo } from './describe-mongo.ts';
