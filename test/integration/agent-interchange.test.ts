import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type AgentClient, createAgentClient } from '../support/agent-client.ts';
import { agentWorlds } from '../support/agent-worlds.ts';
import { openVersion1, sealVersion1 } from '../support/cookie-version1.ts';
import { jwtPartsOf } from '../support/jws.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import type { ConfigDocument } from '../support/world.ts';

// Cookies of other OAuth agents and of their gateways, in the form 0x01: what they sealed opens here, and what we sealed
// opens there. Three instances: one that writes the form, one that reads it and writes its own, one that knows nothing
// of it.

const key = randomBytes(32).toString('hex');
const keyFile = join(tmpdir(), `sallyport-test-version1-${process.pid}`);
writeFileSync(keyFile, `${key}\n`);
noteSecret(key);
afterAll(() => import('node:fs/promises').then(({ rm }) => rm(keyFile)));

const bothForms = { basePath: '/both', cookie: { prefix: 'both' } };
const ownForm = { basePath: '/own-form', cookie: { prefix: 'own' } };

const worldOf = agentWorlds({
  sealed: {
    state: 'sealed',
    agent: { version1: { key: { file: keyFile } } },
    rules: [
      { path: { prefix: '/both-api' }, use: 'both' },
      { path: { prefix: '/own-api' }, use: 'own' },
      { path: { prefix: '/api' }, use: 'spa' },
    ],
    adjust: (config: ConfigDocument) => {
      const { version1, ...spa } = config['modes'].spa;
      config['modes'].both = { ...spa, ...bothForms, version1: { ...version1, write: false } };
      config['modes'].own = { ...spa, ...ownForm };
    },
  },
});

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
}

/** What the provider issued last, whoever asked. */
let issued: Tokens | undefined;

beforeEach(() => {
  issued = undefined;
  worldOf('sealed').provider.edit('token', (body) => {
    issued = {
      accessToken: String(body['access_token']),
      refreshToken: String(body['refresh_token']),
      idToken: String(body['id_token']),
    };
    return body;
  });
});

async function freshTokens(): Promise<Tokens> {
  await worldOf('sealed').logIn();
  worldOf('sealed').upstream.clear();
  if (issued === undefined) throw new Error('the provider issued nothing');
  return issued;
}

const csrf = 'a-csrf-token-of-somebody-else-0123456789';

/** A browser with the cookies of another agent, at the paths that it gives them. */
function strangersClient(
  tokens: Tokens,
  place = { basePath: '/oauth-agent', cookie: { prefix: 'example' } },
): AgentClient {
  const { basePath, cookie } = place;
  const client = createAgentClient({ ...worldOf('sealed'), basePath, cookiePrefix: cookie.prefix });
  const put = (purpose: string, plaintext: string, path: string) =>
    client.jar.put(`${cookie.prefix}-${purpose}`, sealVersion1(plaintext, key), path);
  put('at', tokens.accessToken, '/');
  put('auth', tokens.refreshToken, `${basePath}/refresh`);
  put('id', tokens.idToken, `${basePath}/claims`);
  put('csrf', csrf, '/');
  client.csrf = csrf;
  return client;
}

const sent = () => worldOf('sealed').upstream.requests.map((request) => request.values('authorization'));

/** Paths of a client's cookies by name. */
const placesOf = ({ jar }: AgentClient) => Object.fromEntries(jar.all().map(({ name, path }) => [name, path]));

const versionOf = (value: string | undefined) => Buffer.from(value ?? '', 'base64url')[0];

describe('cookies of version 0x01 that another program sealed', () => {
  it('are opened by the check: the API gets the token, and changes need the CSRF token in them', async () => {
    const tokens = await freshTokens();
    const client = strangersClient(tokens);
    expect((await client.api('/api/x')).status).toBe(200);
    expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
    const bearer = [`Bearer ${tokens.accessToken}`];
    expect(sent()).toEqual([bearer, bearer]);
    expect(worldOf('sealed').upstream.requests.flatMap((request) => request.values('cookie'))).toEqual([]);
    client.csrf = `${csrf}0`;
    expect((await client.api('/api/x', { method: 'POST' })).status).toBe(401);
  });

  it('are opened by /claims, /userInfo, /session and /login/end', async () => {
    const tokens = await freshTokens();
    const client = strangersClient(tokens);
    expect((await client.claims()).json()).toEqual(jwtPartsOf(tokens.idToken).claims);
    expect((await client.userInfo()).json()).toMatchObject({ sub: 'alice' });
    expect((await client.session()).json()).toMatchObject({ isLoggedIn: true });
    const tab = client.tab();
    const answer = (await tab.endLogin(`${worldOf('sealed').spaOrigin}/`)).json();
    // Not what the cookie holds, which may be anything: a token of ours, in a cookie that the other program opens.
    expect(answer).toEqual({ handled: false, isLoggedIn: true, csrf: expect.stringMatching(/^[\w-]{43}$/) });
    expect(openVersion1(client.jar.value('example-csrf') ?? '', key)).toBe(tab.csrf);
    for (const token of [tab.csrf, csrf]) {
      client.csrf = token;
      expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
    }
  });

  it('are opened by /refresh, and the other program opens what comes of it, at its own paths', async () => {
    const client = strangersClient(await freshTokens());
    const answer = await client.refresh();
    expect([answer.status, answer.body]).toEqual([204, '']);
    const value = (purpose: string) => openVersion1(client.jar.value(`example-${purpose}`) ?? '', key);
    expect(value('at')).toBe(issued?.accessToken);
    expect(value('auth')).toBe(issued?.refreshToken);
    expect(value('id')).toBe(issued?.idToken);
    expect(value('csrf')).toBe(csrf);
    expect(placesOf(client)).toMatchObject({
      'example-at': '/',
      'example-auth': '/oauth-agent/refresh',
      'example-id': '/oauth-agent/claims',
      'example-csrf': '/',
    });
    expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
    expect(sent()).toEqual([[`Bearer ${issued?.accessToken}`]]);
    expect((await client.refresh()).status).toBe(204);
  });

  it('are cleared by /logout, each at its own path', async () => {
    const client = strangersClient(await freshTokens());
    expect((await client.logout()).status).toBe(200);
    expect(client.jar.all().filter(({ name }) => !name.endsWith('-out'))).toEqual([]);
  });

  it('of another key, or changed, open nothing', async () => {
    const client = strangersClient(await freshTokens());
    const value = client.jar.value('example-at') ?? '';
    const wrong = [
      sealVersion1(issued?.accessToken ?? '', randomBytes(32).toString('hex')),
      `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`,
      Buffer.concat([Buffer.from([2]), Buffer.from(value, 'base64url').subarray(1)]).toString('base64url'),
      Buffer.concat([Buffer.from([0]), Buffer.from(value, 'base64url').subarray(1)]).toString('base64url'),
      Buffer.from(value, 'base64url').subarray(0, -4).toString('base64url'),
      `${value}=`,
    ];
    for (const each of wrong) {
      client.jar.put('example-at', each);
      expect((await client.api('/api/x')).status).toBe(401);
    }
    expect(sent()).toEqual([]);
  });

  it('open nothing in an instance that has no such key', async () => {
    const client = strangersClient(await freshTokens(), ownForm);
    expect((await client.api('/own-api/x')).status).toBe(401);
    expect((await client.session()).json()).toEqual({ isLoggedIn: false });
    expect((await client.refresh()).status).toBe(401);
  });
});

describe('cookies of version 0x01 that we seal', () => {
  it('are opened by the other program, and hold what it expects', async () => {
    const client = await worldOf('sealed').logIn();
    const value = (purpose: string) => openVersion1(client.jar.value(`example-${purpose}`) ?? '', key);
    expect([value('at'), value('auth'), value('id'), value('csrf')]).toEqual([
      issued?.accessToken,
      issued?.refreshToken,
      issued?.idToken,
      client.csrf,
    ]);
    expect(placesOf(client)).toEqual({
      'example-at': '/',
      'example-auth': '/oauth-agent/refresh',
      'example-id': '/oauth-agent/claims',
      'example-csrf': '/',
    });
  });
});

describe('an instance that reads version 0x01 and writes its own', () => {
  it('takes the session over with the next refresh: new form, new paths, the old cookies gone', async () => {
    const tokens = await freshTokens();
    const client = strangersClient(tokens, bothForms);
    expect((await client.api('/both-api/x', { method: 'POST' })).status).toBe(200);
    expect(sent()).toEqual([[`Bearer ${tokens.accessToken}`]]);
    expect(versionOf(client.jar.value('both-at'))).toBe(1);
    expect((await client.refresh()).status).toBe(204);
    expect(placesOf(client)).toEqual({ 'both-at': '/', 'both-auth': '/both', 'both-id': '/both', 'both-csrf': '/' });
    for (const { name, value } of client.jar.all()) expect([name, versionOf(value)]).toEqual([name, 2]);
    for (const method of ['GET', 'POST']) expect((await client.api('/both-api/x', { method })).status).toBe(200);
    expect(sent().at(-1)).toEqual([`Bearer ${issued?.accessToken}`]);
    expect((await client.claims()).json()).toMatchObject({ sub: 'alice' });
    expect((await client.session()).json()).toMatchObject({ isLoggedIn: true, sub: 'alice' });
    expect((await client.refresh()).status).toBe(204);
  });

  it('writes its own form at a login', async () => {
    const client = createAgentClient({ ...worldOf('sealed'), basePath: '/both', cookiePrefix: 'both' });
    await client.logIn();
    for (const { name, value } of client.jar.all()) expect([name, versionOf(value)]).toEqual([name, 2]);
  });
});
