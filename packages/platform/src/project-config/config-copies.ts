import { CONFIG_PARTS, CONFIG_SCHEMAS, type ConfigPart } from '@watchword/contracts';
import { z } from 'zod';
import type { RedisConnection } from '../redis/connection.ts';
import { defineScript, loadLua } from '../redis/script.ts';

/** The whole of a project's configuration, for its copy. */
export type ConfigParts = { readonly [Part in ConfigPart]: z.infer<(typeof CONFIG_SCHEMAS)[Part]> };

/** One part as it was last read. */
export interface ConfigCopy<T> {
  /** 0 when there is no copy. */
  readonly epoch: number;
  /** Null when there is no copy: the platform's defaults hold. */
  readonly config: T | null;
}

export const configKeyOf = (project: string) => `ww:{p:${project}}:config`;
const ownerKeyOf = (hash: string) => `ww:key:${hash}`;
/** Says that the console has been here: without it, that a key is unknown means nothing. */
const PUBLISHED = 'ww:config-published';

const publishScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/publish-config.lua'),
  keys: ['config'],
  reply: z.enum(['published', 'older']),
});

const ownScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/own-key.lua'),
  keys: ['owner'],
  reply: z.literal(1),
});

export type KeyOwner = { readonly owner: string } | { readonly owner: null; readonly isPublished: boolean };

export type ConfigCopies = ReturnType<typeof createConfigCopies>;

/** Copies of the projects' configuration in Redis, so that nothing on the way of a send waits for a database. */
export function createConfigCopies(redis: RedisConnection) {
  const own = (hash: string, project: string) => ownScript(redis, { owner: ownerKeyOf(hash) }, [project]);

  return {
    /** `older`: a newer copy, which holds all that this one does, is there. */
    async publish(project: string, epoch: number, parts: ConfigParts): Promise<'published' | 'older'> {
      // Before the copy that makes a key valid: a key is known by its copy, this only says where to look.
      await Promise.all(parts.access.keys.map(({ hash }) => own(hash, project)));
      const fields = CONFIG_PARTS.flatMap((part) => [part, JSON.stringify(parts[part])]);
      return publishScript(redis, { config: configKeyOf(project) }, [epoch, ...fields]);
    },

    /**
     * Notes again whose the keys of a project's copy are, where that is not known any more: they lie in all shards of a
     * cluster, and one that lost its data does not take the copy with it.
     */
    async ownAgain(project: string): Promise<void> {
      const text = await redis.hget(configKeyOf(project), 'access');
      if (text === null) return;
      const { keys } = CONFIG_SCHEMAS.access.parse(JSON.parse(text));
      await Promise.all(
        keys.map(async ({ hash }) => {
          if ((await redis.get(ownerKeyOf(hash))) !== project) await own(hash, project);
        }),
      );
    },

    /** All projects have been published once since Redis began. */
    async markPublished(): Promise<void> {
      await redis.set(PUBLISHED, '1');
    },

    /** False after Redis was emptied: everything is to be published again. */
    async isPublished(): Promise<boolean> {
      return (await redis.exists(PUBLISHED)) === 1;
    },

    async epochOf(project: string): Promise<number> {
      return Number((await redis.hget(configKeyOf(project), 'epoch')) ?? 0);
    },

    async read<P extends ConfigPart>(project: string, part: P): Promise<ConfigCopy<ConfigParts[P]>> {
      const [epoch, text] = await redis.hmget(configKeyOf(project), 'epoch', part);
      if (epoch === null || epoch === undefined || text === null || text === undefined)
        return { epoch: 0, config: null };
      const config = CONFIG_SCHEMAS[part].parse(JSON.parse(text)) as ConfigParts[P];
      return { epoch: Number(epoch), config };
    },

    /** Which project has the key of this SHA-256 (hex), or had it: whether it still is one, the project's copy says. */
    async ownerOf(hash: string): Promise<KeyOwner> {
      const owner = await redis.get(ownerKeyOf(hash));
      if (owner !== null) return { owner };
      return { owner, isPublished: (await redis.exists(PUBLISHED)) === 1 };
    },
  };
}
