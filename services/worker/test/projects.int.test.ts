import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { configKeyOf, type RunningService } from '@watchword/platform';
import { eventually } from '@watchword/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createScene, type Scene } from './scene.ts';

const SID = `AC${'2'.repeat(32)}`;
const FROM = '+15005550007';

describe("a project's own configuration", () => {
  let scene: Scene;
  let carrier: Server;
  let worker: RunningService;
  /** Whose account each call to the carrier was for. */
  const calledFor: string[] = [];
  let projects = 0;
  const newProject = () => {
    projects += 1;
    return `prj_worker${projects}`;
  };

  beforeAll(async () => {
    scene = await createScene(inject('redisUrl'));
    carrier = createServer((request, response) => {
      const basic = (request.headers.authorization ?? '').replace('Basic ', '');
      calledFor.push(Buffer.from(basic, 'base64').toString());
      request.resume();
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ sid: 'SM1', status: 'queued' }));
    });
    await new Promise<void>((resolve) => carrier.listen(0, '127.0.0.1', resolve));
    worker = await scene.startWorker({
      TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'of-the-platform',
      TWILIO_FROM: '+15005550006',
      TWILIO_BASE_URL: `http://127.0.0.1:${(carrier.address() as AddressInfo).port}`,
    });
  });
  afterAll(async () => {
    // The set-up may have failed half-way: what it did start must still end.
    await (worker as RunningService | undefined)?.close();
    carrier.closeAllConnections();
    carrier.close();
    await (scene as Scene | undefined)?.close();
  });
  beforeEach(async () => {
    await scene.clearFaults();
    await scene.redis.del('ww:{h:twilio}');
    calledFor.length = 0;
  });

  const live = (id: string, token: string, settings = { account_sid: SID, from: FROM }) =>
    scene.provider(id, { mode: 'live', settings }, { auth_token: token });

  test('says what a message is sent with: provider, template, cost', async () => {
    const project = newProject();
    await scene.publish(project, {
      providers: [
        scene.provider('prv_a'),
        scene.provider('prv_b', { kind: 'vonage', costMicros: { US: 7_900, '*': 1 } }),
      ],
      routes: [{ id: 'rte_1', channel: 'sms', match: '+1415', providers: [{ provider: 'prv_b' }] }],
      templates: [
        {
          id: 'tpl_any',
          purpose: '*',
          channel: 'sms',
          locale: '*',
          version: 1,
          text: '{{code}}',
          subject: null,
          html: null,
        },
        {
          id: 'tpl_de',
          purpose: 'login',
          channel: 'sms',
          locale: 'de',
          version: 1,
          text: 'Code: {{code}}, {{ttl_minutes}} Min',
          subject: null,
          html: null,
        },
      ],
    });
    const { id, to } = await scene.open('test', { project, locale: 'de-AT' });
    expect(await scene.ended(id)).toMatchObject({
      status: 'accepted',
      attempts: [{ provider: 'vonage', provider_id: 'prv_b', template: 'tpl_de', cost_micros: 7_900 }],
    });
    const [message] = await scene.inbox(to);
    expect(message).toMatchObject({ provider: 'vonage' });
    expect(message?.text).toBe(`Code: ${message?.code}, 5 Min`);
  });

  test('of nothing leaves the platform’s own providers and text', async () => {
    const project = newProject();
    await scene.publish(project, {});
    const { id, to } = await scene.open('test', { project });
    const { attempts } = await scene.ended(id);
    expect(attempts).toMatchObject([{ provider: 'twilio', template: 'shipped' }]);
    expect(attempts[0]).not.toHaveProperty('provider_id');
    expect(attempts[0]).not.toHaveProperty('cost_micros');
    expect((await scene.inbox(to))[0]?.text).toMatch(/^Your login OTP is/);
  });

  test('gives a provider that is drained no message that begins a second later', async () => {
    const project = newProject();
    const [first, second] = [scene.provider('prv_first'), scene.provider('prv_second', { kind: 'vonage' })];
    await scene.publish(project, { providers: [first, second] });
    const providerNow = async () => {
      const { attempts } = await scene.ended((await scene.open('test', { project })).id);
      return attempts[0]?.provider_id;
    };
    expect(await providerNow()).toBe('prv_first');

    const drained = { ...first, isDraining: true };
    await scene.publish(project, { providers: [drained, second] });
    const drainedAt = performance.now();
    let lastBegun = 0;
    await eventually('the second provider sends', 5_000, async () => {
      const begunAt = performance.now();
      const provider = await providerNow();
      if (provider === 'prv_first') lastBegun = begunAt - drainedAt;
      return provider === 'prv_second' ? true : undefined;
    });
    expect(lastBegun).toBeLessThan(1_000);
    for (let time = 0; time < 3; time += 1) expect(await providerNow()).toBe('prv_second');
  });

  test('holds what is accepted while all its providers drain, and sends it once one is enabled', async () => {
    const project = newProject();
    const drained = scene.provider('prv_drained', { isDraining: true });
    await scene.publish(project, { providers: [drained] });
    const { id, to, deliveryId } = await scene.open('test', { project });
    const events = await eventually('it is held', 5_000, async () => {
      const seen = await scene.timeline(id);
      return seen.some(({ type }) => type === 'attempt.settled') ? seen : undefined;
    });
    expect(events.find(({ type }) => type === 'attempt.settled')?.data).toMatchObject({
      outcome: 'transient',
      provider_code: 'draining',
    });
    expect(events.some(({ type }) => type === 'delivery.ended')).toBe(false);
    expect(await scene.inbox(to)).toEqual([]);

    await scene.publish(project, { providers: [{ ...drained, isDraining: false }] });
    // As the due set does after each delay.
    let looks = 0;
    await eventually('it is sent', 5_000, async () => {
      looks += 1;
      await scene.producer.enqueue(`${deliveryId}-look-${looks}`, { delivery: deliveryId });
      return (await scene.timeline(id)).some(({ type }) => type === 'delivery.ended') || undefined;
    });
    const { status, attempts } = await scene.ended(id);
    expect(status).toBe('accepted');
    expect(attempts.at(-1)).toMatchObject({ provider_id: 'prv_drained', outcome: 'accepted' });
    expect(await scene.inbox(to)).toHaveLength(1);
  });

  test('sends live messages through the project’s account, test ones at the sandbox, and never the other way round', async () => {
    const project = newProject();
    const sandboxed = scene.provider(
      'prv_sandboxed',
      { settings: { account_sid: SID, from: FROM } },
      { auth_token: 'x' },
    );
    await scene.publish(project, { providers: [sandboxed, live('prv_live', 'of-the-project')] });
    const liveOne = await scene.open('live', { project });
    expect(await scene.ended(liveOne.id)).toMatchObject({
      attempts: [{ provider_id: 'prv_live', outcome: 'accepted' }],
    });
    expect(await scene.inbox(liveOne.to)).toEqual([]);
    expect(calledFor).toEqual([`${SID}:of-the-project`]);

    const testOne = await scene.open('test', { project });
    expect(await scene.ended(testOne.id)).toMatchObject({ attempts: [{ provider_id: 'prv_sandboxed' }] });
    expect(await scene.inbox(testOne.to)).toHaveLength(1);
    expect(calledFor).toHaveLength(1);
  });

  test('shares traffic by weight, of which a provider that has become bad keeps little', async () => {
    const project = newProject();
    const providers = ['prv_good', 'prv_bad'].map((id) => ({ provider: id, weight: 50 }));
    await scene.publish(project, {
      providers: [scene.provider('prv_good'), scene.provider('prv_bad')],
      routes: [{ id: 'rte_1', channel: 'sms', match: '*', providers }],
    });
    // As the worker writes it: 100 words on it, all of them bad.
    await scene.redis.del('ww:{h:prv_good}');
    await scene.redis.hset('ww:{h:prv_bad}', 'quality', `${Date.now()} 100 100 0 0 0 0 0 0`);
    const first = await Promise.all(
      Array.from({ length: 24 }, async () => {
        const { attempts } = await scene.ended((await scene.open('test', { project })).id);
        return attempts[0]?.provider_id;
      }),
    );
    expect(first.filter((id) => id === 'prv_good').length).toBeGreaterThan(16);
    await scene.redis.del('ww:{h:prv_bad}');
  });

  test('caps a provider: what it may not get at once goes to the next one, and waits when there is none', async () => {
    const capped = (id: string) => scene.provider(id, { sendsPerSecond: 1 });
    /** As workers do for other deliveries: its next turn is five seconds away. */
    const fill = (id: string) => scene.redis.zadd(`ww:{h:${id}}:slots`, String(Date.now() + 5_000), 'del_of-another');
    for (const id of ['prv_capped', 'prv_alone']) {
      for (const key of ['slots', 'calls']) await scene.redis.del(`ww:{h:${id}}:${key}`);
    }
    const project = newProject();
    await scene.publish(project, { providers: [capped('prv_capped'), scene.provider('prv_free')] });
    const providerOf = async () =>
      (await scene.ended((await scene.open('test', { project })).id)).attempts[0]?.provider_id;
    expect(await providerOf()).toBe('prv_capped');
    await fill('prv_capped');
    expect(await providerOf()).toBe('prv_free');

    const alone = newProject();
    await scene.publish(alone, { providers: [capped('prv_alone')] });
    await fill('prv_alone');
    const { id, to, deliveryId } = await scene.open('test', { project: alone });
    const settled = await eventually('it waits', 5_000, async () =>
      (await scene.timeline(id)).find(({ type }) => type === 'attempt.settled'),
    );
    expect(settled.data).toMatchObject({ outcome: 'transient', provider_code: 'rate_limited' });
    expect(await scene.inbox(to)).toEqual([]);
    expect(await scene.redis.zrange('ww:{h:prv_alone}:slots', '0', '-1')).toEqual(['del_of-another', deliveryId]);
  });

  test('takes up new credentials within a second', async () => {
    const project = newProject();
    for (const token of ['first-token', 'second-token']) {
      await scene.publish(project, { providers: [live('prv_rotated', token)] });
      await eventually(`${token} is used`, 3_000, async () => {
        await scene.ended((await scene.open('live', { project })).id);
        return calledFor.at(-1) === `${SID}:${token}` ? true : undefined;
      });
    }
    expect(new Set(calledFor)).toEqual(new Set([`${SID}:first-token`, `${SID}:second-token`]));
  });

  test('fails over from credentials that cannot be unsealed, and names the provider in the log', async () => {
    const project = newProject();
    const foreign = { ...live('prv_torn', 'x'), credentials: live('prv_other', 'x').credentials };
    await scene.publish(project, { providers: [foreign, live('prv_whole', 'of-the-whole')] });
    const { id } = await scene.open('live', { project });
    expect(await scene.ended(id)).toMatchObject({
      status: 'accepted',
      attempts: [
        { provider_id: 'prv_torn', class: 'configuration', provider_code: 'credentials_unreadable' },
        { provider_id: 'prv_whole', outcome: 'accepted' },
      ],
    });
    expect(calledFor).toEqual([`${SID}:of-the-whole`]);
    expect(scene.log()).toMatch(/"provider":"prv_torn".*cannot be used/);
    expect(scene.log()).not.toContain(foreign.credentials);
  });

  test('has circuits of its own: its outage is nobody else’s, and no id is a label', async () => {
    const project = newProject();
    for (const id of ['prv_down', 'prv_up']) await scene.redis.del(`ww:{h:${id}}`);
    const down = scene.provider('prv_down', { mode: 'live', settings: {} });
    await scene.publish(project, { providers: [down, live('prv_up', 'of-the-up')] });
    for (let time = 0; time < 6; time += 1) await scene.ended((await scene.open('live', { project })).id);
    expect(await scene.redis.hget('ww:{h:prv_down}', 'state')).toBe('open');
    expect(await scene.redis.hget('ww:{h:twilio}', 'state')).toBeNull();
    expect(await scene.redis.hget('ww:{h:prv_up}', 'state')).toBeNull();
    expect(scene.log()).toMatch(/"provider_id":"prv_down".*circuit opened/);
    const metrics = await (await fetch(`${worker.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(
      /watchword_circuit_transitions_total\{provider="twilio",mode="live",channel="sms",to="open",/,
    );
    expect(metrics).not.toContain('prv_');
  });

  test('that cannot be read sends nothing, and gives the claim back', async () => {
    const project = newProject();
    await scene.publish(project, { providers: [scene.provider('prv_unread')] });
    await scene.redis.hset(configKeyOf(project), 'delivery', '{"providers":[{"kind":"pigeon"}]}');
    const { id, to, deliveryId } = await scene.open('test', { project });
    const settled = () =>
      eventually('its attempt is settled', 5_000, async () => {
        const events = (await scene.timeline(id)).filter(({ type }) => type === 'attempt.settled');
        return events.length > 0 ? events : undefined;
      });
    expect(await settled()).toMatchObject([{ data: { outcome: 'transient', provider_code: 'not_planned' } }]);
    expect(await scene.inbox(to)).toEqual([]);

    await scene.publish(project, { providers: [scene.provider('prv_unread')] });
    await scene.producer.enqueue(`${deliveryId}-again`, { delivery: deliveryId });
    expect(await scene.ended(id)).toMatchObject({ status: 'accepted', attempts: [{}, { provider_id: 'prv_unread' }] });
    const metrics = await (await fetch(`${worker.adminUrl}/metrics`)).text();
    expect(metrics).not.toMatch(/possible_duplicates_total\{[^}]*lease_ended/);
  });
});
