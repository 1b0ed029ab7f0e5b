import { writeFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AdminWorld, startAdminWorld } from '../support/admin-world.ts';
import { type CommandOutcome, runCommand } from '../support/terminal.ts';

let world: AdminWorld;

beforeAll(async () => {
  world = await startAdminWorld();
});

beforeEach(async () => {
  await world.call('DELETE', '/v1/sessions?all=true');
  await world.begin();
  await world.begin({ subject: 'bob', providerSessionId: 'bobs', claims: new Map([['sub', 'bob']]) });
});

const session = (...words: readonly string[]): Promise<CommandOutcome> =>
  runCommand(['session', ...words, '--config', world.configFile]);

async function users(): Promise<readonly string[]> {
  const { json } = await world.call('GET', '/v1/sessions');
  return json.sessions.map(({ user }: { user: { sub: string } }) => user.sub).sort();
}

describe('session list', () => {
  it('is a table for people', async () => {
    const { code, out, err } = await session('list');
    expect([code, err]).toEqual([0, '']);
    const [head, ...rows] = out.trimEnd().split('\n');
    expect(head).toMatch(/^NAME {41}USER {15}INSTANCE {2}LAST USED {10}ENDS$/);
    expect(rows).toHaveLength(2);
    const row = rows.find((line) => line.includes('alice@example.com'));
    expect(row).toMatch(
      /^[\w-]{43} {2}alice@example\.com {2}web {7}\d{4}-\d\d-\d\d \d\d:\d\dZ {2}\d{4}-\d\d-\d\d \d\d:\d\dZ$/,
    );
  });

  it('is a line of JSON for each session, for programs', async () => {
    const { code, out } = await session('list', '--format', 'json');
    expect(code).toBe(0);
    const subjects = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).user.sub);
    expect(subjects.sort()).toEqual(['alice', 'bob']);
  });

  it('takes --user, --sid and --limit, and says when there are more', async () => {
    expect((await session('list', '--user', 'alice@example.com')).out).toContain('alice@example.com');
    expect((await session('list', '--user', 'nobody')).out).toBe('no sessions\n');
    expect((await session('list', '--sid', 'bobs')).out).toContain('bob');
    const limited = await session('list', '--limit', '1');
    expect(limited.out.trimEnd().split('\n')).toHaveLength(2);
    expect(limited.err).toBe('there are more: --limit N shows up to 1000, --format json all of them\n');
  });
});

describe('session show', () => {
  it('shows one session, never its tokens', async () => {
    const [{ name }] = (await world.call('GET', '/v1/sessions?user=alice')).json.sessions;
    const { code, out } = await session('show', name);
    expect(code).toBe(0);
    for (const text of [
      name,
      'alice',
      'alice@example.com',
      'Alice Adams',
      'staff, admins',
      'idp (sid provider-session)',
    ])
      expect(out).toContain(text);
    expect(out).not.toContain('canary');
    expect(JSON.parse((await session('show', name, '--format', 'json')).out)).toMatchObject({ name });
  });

  it('of a name that is none says so and fails', async () => {
    const gone = await session('show', 'x'.repeat(43));
    expect([gone.code, gone.err]).toEqual([1, 'there is no live session of this name (404)\n']);
    expect((await session('show', `-${'x'.repeat(42)}`)).err).toBe('there is no live session of this name (404)\n');
    expect((await session('show', 'short')).err).toBe('expected the name of a session, of 43 characters (400)\n');
  });
});

describe('session end', () => {
  it.each<[words: readonly string[], said: string, left: readonly string[]]>([
    [['--user', 'bob'], '1 session ended\n', ['alice']],
    [['--user', 'nobody'], '0 sessions ended\n', ['alice', 'bob']],
    [['--sid', 'bobs'], '1 session ended\n', ['alice']],
    [['--all', '--yes'], '2 sessions ended\n', []],
    [['--all', '--yes', '--format', 'json'], '{"ended":2,"sealed_instances":[]}\n', []],
  ])('%j', async (words, said, left) => {
    const { code, out, err } = await session('end', ...words);
    expect([code, out, err]).toEqual([0, said, '']);
    expect(await users()).toEqual(left);
  });

  it('by name', async () => {
    const [{ name }] = (await world.call('GET', '/v1/sessions?user=bob')).json.sessions;
    expect((await session('end', name)).out).toBe('1 session ended\n');
    expect(await users()).toEqual(['alice']);
    expect((await session('end', name)).code).toBe(1);
  });

  it.each([
    [[], 'say which sessions to end: NAME, --user, --sid or --all\n'],
    [['--user', 'a', '--sid', 'b'], 'say which sessions to end: NAME, --user, --sid or --all\n'],
    [['--all'], '--all logs everybody out: add --yes if that is what you want\n'],
  ])('%j ends nothing', async (words, said) => {
    expect(await session('end', ...words)).toEqual({ code: 2, out: '', err: said });
    expect(await users()).toEqual(['alice', 'bob']);
  });
});

describe('which admin API', () => {
  it('is named by --admin and --token-file, without a configuration', async () => {
    const { code, out } = await runCommand(['session', 'list', '--admin', world.url, '--token-file', world.tokenFile]);
    expect([code, out]).toEqual([0, expect.stringContaining('alice')]);
  });

  it('a wrong token, a closed port and another server are told in a sentence', async () => {
    const wrong = `${world.tokenFile}.wrong`;
    await writeFile(wrong, 'canary-wrong-token');
    const outcomes = await Promise.all(
      [
        ['--admin', world.url, '--token-file', wrong],
        ['--admin', 'http://127.0.0.1:1', '--token-file', wrong],
        ['--config', world.configFile, '--token-file', `${wrong}.missing`],
      ].map((words) => runCommand(['session', 'list', ...words])),
    );
    expect(outcomes.map(({ code }) => code)).toEqual([1, 1, 1]);
    expect(outcomes[0]?.err).toBe('this is not the admin token (401)\n');
    expect(outcomes[1]?.err).toMatch(/^no admin API answers at 127\.0\.0\.1:1 \(ECONNREFUSED\): is Sallyport running/);
    expect(outcomes[2]?.err).toContain('ENOENT');
    for (const { err } of outcomes) expect(err).not.toContain('canary');
  });

  it('a configuration without one says what to set', async () => {
    const file = `${world.configFile}.plain`;
    await writeFile(
      file,
      'origins: ["https://a.example"]\nlisten: {authz: "127.0.0.1:1", http: "127.0.0.1:2", ops: "127.0.0.1:3"}\nkeys: {env: KEYS}\nstore: {type: memory}\nrules: [{use: deny}]\n',
    );
    const { code, err } = await runCommand(['session', 'list', '--config', file]);
    expect([code, err]).toEqual([
      1,
      'the configuration has no admin API: set listen.admin and admin.token, or name one with --admin\n',
    ]);
  });
});
