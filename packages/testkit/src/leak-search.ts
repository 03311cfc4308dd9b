import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';

/** Where a secret was found; never the secret itself. */
export interface Leak {
  readonly where: string;
  readonly form: 'raw' | 'hex' | 'base64';
}

/** Texts at rest, by the name of the place. */
export type Places = readonly (readonly [where: string, bytes: Buffer])[];

/** Looks for each secret raw, in hex (either case) and in base64 (at each of its three alignments), in one pass over each place. */
export function findLeaks(secrets: readonly string[], places: Places): Leak[] {
  const needlesByStart = new Map<number, Needle[]>();
  for (const found of secrets.flatMap(formsOf)) {
    const start = found.needle.readUInt32BE(0);
    const sameStart = needlesByStart.get(start);
    if (sameStart) sameStart.push(found);
    else needlesByStart.set(start, [found]);
  }
  return places.flatMap(([where, bytes]) => searchPlace(where, bytes, needlesByStart));
}

interface Needle {
  readonly form: Leak['form'];
  readonly needle: Buffer;
}

function searchPlace(where: string, bytes: Buffer, needlesByStart: ReadonlyMap<number, readonly Needle[]>): Leak[] {
  const forms = new Set<Leak['form']>();
  let start = 0;
  for (let end = 0; end < bytes.length; end += 1) {
    start = ((start << 8) | (bytes[end] as number)) >>> 0;
    for (const { form, needle } of needlesByStart.get(start) ?? []) {
      const at = end - 3;
      if (bytes.subarray(at, at + needle.length).equals(needle)) forms.add(form);
    }
  }
  return [...forms].map((form) => ({ where, form }));
}

function formsOf(secret: string): Needle[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  return [
    { form: 'raw', needle: bytes },
    { form: 'hex', needle: Buffer.from(hex) },
    { form: 'hex', needle: Buffer.from(hex.toUpperCase()) },
    ...[0, 1, 2].map((shift) => ({ form: 'base64' as const, needle: Buffer.from(alignedBase64(bytes, shift)) })),
  ];
}

/** The characters of a base64 text that depend on the secret alone when `shift` bytes stand before it. */
function alignedBase64(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const first = Math.ceil((shift * 8) / 6);
  const last = Math.floor(((shift + bytes.length) * 8) / 6);
  return text.slice(first, last);
}

/** Every key of a Redis with its whole value, whatever its type. */
export async function readWholeRedis(url: string): Promise<Places> {
  const redis = new Redis(url, { replyMapping: 'legacy' });
  try {
    const keys = await scanKeys(redis);
    return await Promise.all(keys.map(async (key) => [`redis key ${key}`, await readKey(redis, key)] as const));
  } finally {
    redis.disconnect();
  }
}

async function scanKeys(redis: Redis): Promise<string[]> {
  const keys: string[] = [];
  let cursor = '0';
  do {
    const [next, page] = await redis.scan(cursor, 'COUNT', 1_000);
    keys.push(...page);
    cursor = next;
  } while (cursor !== '0');
  return keys;
}

/** DUMP compresses, so values are read by their type. */
async function readKey(redis: Redis, key: string): Promise<Buffer> {
  const commands: Record<string, [string, ...string[]]> = {
    string: ['GET', key],
    hash: ['HGETALL', key],
    list: ['LRANGE', key, '0', '-1'],
    set: ['SMEMBERS', key],
    zset: ['ZRANGE', key, '0', '-1'],
    stream: ['XRANGE', key, '-', '+'],
  };
  const type = await redis.type(key);
  const command = commands[type];
  if (type === 'none') return Buffer.from(key);
  if (!command) throw new Error(`The leak search cannot read keys of type ${type}`);
  const value = await redis.callBuffer(...command);
  return Buffer.concat([Buffer.from(`${key}\n`), ...flatten(value)]);
}

function flatten(value: unknown): Buffer[] {
  if (Buffer.isBuffer(value)) return [value, Buffer.from('\n')];
  return Array.isArray(value) ? value.flatMap(flatten) : [Buffer.from(String(value))];
}

/** Every document of a MongoDB database, as BSON. */
export async function readWholeMongo(url: string): Promise<Places> {
  const client = new MongoClient(url);
  try {
    const collections = await client.db().collections();
    return await Promise.all(
      collections.map(async (collection) => {
        const documents = (await collection.find({}, { raw: true }).toArray()) as unknown as Buffer[];
        return [`collection ${collection.collectionName}`, Buffer.concat(documents)] as const;
      }),
    );
  } finally {
    await client.close();
  }
}

/** Every file below a directory, if there is one: what Redis wrote to disk holds more history than its memory. */
export function readWholeDirectory(directory: string): Places {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [`file ${path}`, readFileSync(path)] as const;
    });
}
