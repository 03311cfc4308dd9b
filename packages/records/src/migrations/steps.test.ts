import { expect, test } from 'vitest';
import { defineCollection, integer, optional, text } from '../collection.ts';
import { stepsBetween } from './steps.ts';

const before = defineCollection('guests', { name: text(), room: integer() }, [['room'], ['name']]);

test('what is new is made, and indexes that are gone are dropped first', () => {
  const after = defineCollection('guests', { name: text(), room: integer(), age: optional(integer()) }, [
    ['room', 'age'],
  ]);
  const rooms = defineCollection('rooms', { floor: integer() });
  const steps = stepsBetween([before], [after, rooms]).map((step) => [
    step.kind,
    'index' in step ? step.index.name : 'name' in step ? step.name : step.collection.name,
  ]);
  expect(steps).toEqual([
    ['drop index', 'guests_room'],
    ['drop index', 'guests_name'],
    ['add field', 'age'],
    ['create index', 'guests_room_age'],
    ['create collection', 'rooms'],
  ]);
  expect(stepsBetween([after, rooms], [after, rooms])).toEqual([]);
});

test.each([
  ['a new field that must be there', { name: text(), room: integer(), age: integer() }, 'age must be optional'],
  ['a field that is gone', { name: text() }, 'room is stored and cannot go'],
  ['a field of another type', { name: text(), room: text() }, 'room is stored as another type'],
])('%s is refused', (_, fields, message) => {
  expect(() => stepsBetween([before], [defineCollection('guests', fields)])).toThrow(message);
});
