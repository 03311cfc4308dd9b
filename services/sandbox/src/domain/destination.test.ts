import { describe, expect, it } from 'vitest';
import { normaliseDestination } from './destination.ts';

describe('normaliseDestination', () => {
  it.each([
    ['+14155550123', '+14155550123'],
    [' 14155550123', '+14155550123'],
    ['Ada@Example.org', 'ada@example.org'],
    ['ada tag@example.org', 'ada+tag@example.org'],
    ['fcm-Token:APA91b_x-1', 'fcm-Token:APA91b_x-1'],
    ['740f4707bebcf74f', '740f4707bebcf74f'],
  ])('reads %j as %j', (written, destination) => {
    expect(normaliseDestination(written)).toBe(destination);
  });

  it.each(['', '+nobody', ' nobody', '123', '+0123', '1 (41)', 'x'.repeat(513)])('reads %j as nothing', (written) => {
    expect(normaliseDestination(written)).toBeUndefined();
  });
});
