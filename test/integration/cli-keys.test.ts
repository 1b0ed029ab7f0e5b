import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type AdminWorld, startAdminWorld } from '../support/admin-world.ts';
import { atEnd } from '../support/ends.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type CommandOutcome, runCommand } from '../support/terminal.ts';

let world: AdminWorld;
let ids: readonly string[];
let secrets: readonly string[];

beforeAll(async () => {
  const file = join(await tempFolder(), 'keys.json');
  await runCommand(['keys', 'new', '--file', file]);
  await runCommand(['keys', 'new', '--add', '--file', file]);
  await runCommand(['keys', 'new', '--add', '--standby', '--file', file]);
  const { keys } = JSON.parse(await readFile(file, 'utf8'));
  ids = keys.map(({ id }: { id: string }) => id);
  secrets = keys.map(({ secret }: { secret: string }) => secret);
  world = await startAdminWorld((config) => {
    config['keys'] = { file };
    config['modes'].web.attemptLifetime = '1h';
  });
});

beforeEach(async () => {
  await world.call('DELETE', '/v1/sessions?all=true');
});

const status = (...words: readonly string[]): Promise<CommandOutcome> =>
  runCommand(['keys', 'status', '--config', world.configFile, ...words]);

/** The configuration with some settings changed, in a file of its own. */
async function configWith(changes: Readonly<Record<string, unknown>>): Promise<string> {
  const config = { ...parse(await readFile(world.configFile, 'utf8')), ...changes };
  const file = join(dirname(world.configFile), `${randomUUID()}.yaml`);
  await writeFile(file, stringify(config));
  return file;
}

const withoutAdmin = { admin: undefined, listen: { authz: '127.0.0.1:1', http: '127.0.0.1:2', ops: '127.0.0.1:3' } };

describe('keys status', () => {
  it('asks the running instance what needs its keys, also those in memory, and shows no secret', async () => {
    await world.begin();
    const { code, out, err } = await status();
    expect([code, err]).toEqual([0, '']);
    const [head, ...lines] = out.trimEnd().split('\n');
    const moment = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\dZ';
    expect(head).toMatch(/^KEY {5}CREATED {12}ROLE {5}SESSIONS {2}NAMED {2}SEALED {2}ISSUER$/);
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^${ids[0]}  ${moment}  seals    1         1      1       0$`)),
      expect.stringMatching(new RegExp(`^${ids[1]}  ${moment}  opens    0         0      0       0$`)),
      expect.stringMatching(new RegExp(`^${ids[2]}  ${moment}  standby  0         0      0       0$`)),
      '',
      expect.stringMatching(
        new RegExp(
          `^${ids[1]} can go after ${moment}, when logins under way have ended, if every replica seals with another key since ${moment}$`,
        ),
      ),
      `${ids[2]} waits to be promoted`,
    ]);
    for (const secret of secrets) expect(out).not.toContain(secret);
  });

  it('is what GET /v1/keys answers, as JSON', async () => {
    await world.begin();
    const { out } = await status('--format', 'json');
    const { json, text } = await world.call('GET', '/v1/keys');
    expect({ ...JSON.parse(out), at: json.at }).toEqual(json);
    expect(json.keys.map((key: { id: string; role: string }) => [key.id, key.role])).toEqual([
      [ids[0], 'seals'],
      [ids[1], 'opens'],
      [ids[2], 'standby'],
    ]);
    expect(json.keys[0].sessions).toMatchObject({ named: 1, sealed: 1, needed: 1 });
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(world.logs().at(-1)).toMatchObject({ event: 'admin_request_answered', operation: 'show_keys' });
  });

  it('ends with 1 for a script while a key cannot go', async () => {
    const outcomes = [];
    for (const id of [...ids, '-abcde']) outcomes.push(await status('--can-remove', id));
    expect(outcomes.map(({ code }) => code)).toEqual([1, 1, 0, 1]);
    expect(outcomes[0]?.out).toBe(`${ids[0]} seals: it stays\n`);
    expect(outcomes[1]?.out).toContain(`${ids[1]} can go after `);
    expect(outcomes[3]?.err).toBe('there is no key "-abcde" in the ring\n');
  });

  it('cannot look into the memory of a process without an admin API, and says so', async () => {
    const config = await configWith(withoutAdmin);
    const outcome = await runCommand(['keys', 'status', '--config', config]);
    expect([outcome.code, outcome.out]).toEqual([1, '']);
    expect(outcome.err).toContain('the store is in the memory of the running instance');
  });

  it('says that nobody answers: the instance, or the store', async () => {
    const none = await runCommand(['keys', 'status', '--admin', 'http://127.0.0.1:1', '--token-file', world.tokenFile]);
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('no admin API answers at 127.0.0.1:1')]);
    const config = await configWith({ store: { type: 'redis', url: 'redis://127.0.0.1:1' } });
    const store = await runCommand(['keys', 'status', '--store', '--config', config]);
    expect([store.code, store.err]).toEqual([1, expect.stringContaining('the store does not answer')]);
  });
});

describe('keys status without an admin API, or with --store', () => {
  it('asks Redis, with the ring of the configuration', async () => {
    const redis = await startRedisServer();
    atEnd(() => redis.close());
    const store = { type: 'redis', url: redis.url, keyPrefix: randomUUID() };
    const config = await configWith({ store });
    const bare = await configWith({ store, ...withoutAdmin });
    for (const words of [
      ['--config', bare],
      ['--config', config, '--store'],
    ]) {
      const { code, out } = await runCommand(['keys', 'status', ...words]);
      expect(code).toBe(0);
      expect(out).toContain(`${ids[2]} waits to be promoted\n`);
      for (const secret of secrets) expect(out).not.toContain(secret);
    }
  });
});
