import type { DeliveryConfig } from '@watchword/contracts';
import { describe, expect, test } from 'vitest';
import { costOf, PLANNED_PROVIDERS_MAX, type ProjectProvider, planProviders, type Wanted } from '../index.ts';

const provider = (id: string, over: Partial<ProjectProvider> = {}): ProjectProvider => ({
  id,
  name: id,
  kind: 'twilio',
  mode: 'live',
  isDraining: false,
  settings: {},
  credentials: '',
  costMicros: {},
  sendsPerSecond: null,
  ...over,
});
type Route = DeliveryConfig['routes'][number];
const route = (match: string, ...providers: (string | [string, number])[]): Route => ({
  id: `to ${match}`,
  channel: 'sms',
  match,
  providers: providers.map((one) =>
    typeof one === 'string' ? { provider: one } : { provider: one[0], weight: one[1] },
  ),
});
const wanted: Wanted = { channel: 'sms', mode: 'live', e164: '+447911123456', country: 'GB' };

function plan(providers: ProjectProvider[], routes: Route[] = [], over: Partial<Wanted> = {}, draw = 0) {
  const planned = planProviders({ providers, routes }, { ...wanted, ...over }, draw);
  return planned.source === 'platform' ? 'platform' : [planned.route, ...planned.providers.map(({ id }) => id)];
}

const abc = [provider('a'), provider('b'), provider('c')];

describe('who sends for a project', () => {
  test.each([
    ['the longest prefix', ['*', 'GB', '+44', '+4479'], 'to +4479'],
    ['a prefix before the country', ['*', 'GB', '+44'], 'to +44'],
    ['the country before all', ['*', 'GB', '+1'], 'to GB'],
    ['all others', ['*', 'US', '+4478'], 'to *'],
  ])('takes the route of %s', (_, matches, taken) => {
    const routes = matches.map((match) => route(match, 'a'));
    expect(plan(abc, routes)).toEqual([taken, 'a']);
  });

  test('keeps the order of the route, and takes nobody whom it does not name', () => {
    expect(plan(abc, [route('*', 'c', 'a')])).toEqual(['to *', 'c', 'a']);
  });

  test('without a route are all its providers, as they were made', () => {
    expect(plan(abc)).toEqual([null, 'a', 'b', 'c']);
    expect(plan(abc, [route('US', 'c')])).toEqual([null, 'a', 'b', 'c']);
    expect(plan(abc, [{ ...route('*', 'c'), channel: 'email' }])).toEqual([null, 'a', 'b', 'c']);
  });

  test('are the platform’s own when it has none of the mode or the channel', () => {
    expect(plan([])).toBe('platform');
    expect(plan([provider('a', { mode: 'test' })], [route('*', 'a')])).toBe('platform');
    expect(plan(abc, [], { channel: 'email' })).toBe('platform');
  });

  test('is of the verification’s mode alone, and a route to the other mode is none', () => {
    const mixed = [provider('live'), provider('sandbox', { mode: 'test' })];
    const routes = [route('+44', 'live'), route('*', 'sandbox', 'live')];
    expect(plan(mixed, routes)).toEqual(['to +44', 'live']);
    expect(plan(mixed, routes, { mode: 'test' })).toEqual(['to *', 'sandbox']);
  });

  test('is nobody that drains: nothing is sent, and nobody else is asked, while all do', () => {
    const one = [provider('a', { isDraining: true }), provider('b')];
    expect(plan(one, [route('*', 'a', 'b')])).toEqual(['to *', 'b']);
    expect(plan(one, [route('*', 'a')])).toEqual(['to *']);
    expect(plan([provider('a', { isDraining: true })])).toEqual([null]);
  });

  test('is nobody who has gone, and no more than a job may call', () => {
    expect(plan(abc, [route('*', 'gone', 'b')])).toEqual(['to *', 'b']);
    const many = Array.from({ length: 30 }, (_, index) => provider(`p${index}`));
    expect(plan(many)).toHaveLength(1 + PLANNED_PROVIDERS_MAX);
  });
});

describe('weights', () => {
  const weighted = [route('*', ['a', 70], ['b', 30], 'c')];
  test.each([
    [0, ['a', 'b', 'c']],
    [0.699, ['a', 'b', 'c']],
    [0.7, ['b', 'a', 'c']],
    [0.999, ['b', 'a', 'c']],
  ])('of a draw of %d put first %o', (draw, order) => {
    expect(plan(abc, weighted, {}, draw)).toEqual(['to *', ...order]);
  });

  test('share the traffic among those that have one', () => {
    const first = (index: number) => plan(abc, weighted, {}, (index + 0.5) / 1_000)[1];
    const drawn = Array.from({ length: 1_000 }, (_, index) => first(index));
    expect(drawn.filter((id) => id === 'a')).toHaveLength(700);
    expect(drawn).not.toContain('c');
  });

  test('go to the others while one drains, and to none of weight 0', () => {
    const draining = [provider('a', { isDraining: true }), provider('b'), provider('c')];
    expect(plan(draining, weighted, {}, 0)).toEqual(['to *', 'b', 'c']);
    for (const draw of [0, 0.5, 0.999]) {
      expect(plan(abc, [route('*', ['a', 0], ['b', 5])], {}, draw)).toEqual(['to *', 'b', 'a']);
      expect(plan(abc, [route('*', ['a', 0], ['b', 0])], {}, draw)).toEqual(['to *', 'a', 'b']);
    }
  });

  test('leave one without a weight where it stands', () => {
    expect(plan(abc, [route('*', 'c', ['a', 1], ['b', 1])], {}, 0.9)).toEqual(['to *', 'c', 'b', 'a']);
  });
});

test.each([
  ['GB', 40],
  ['DE', 7],
  [undefined, 7],
  ['constructor', 7],
])('a message to %s costs %s', (country, cost) => {
  expect(costOf({ GB: 40, '*': 7 }, country)).toBe(cost);
  expect(costOf({ GB: 40 }, 'DE')).toBeUndefined();
});
