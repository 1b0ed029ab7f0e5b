import { describe, expect, it } from 'vitest';
import { type AgentSettingsInput, agentStates, sharedKeyReference } from '../../../test/support/agent-states.ts';
import { setCookie } from '../../core/http/cookies.ts';

const cookiesOf = (settings: AgentSettingsInput) => agentStates().agent(settings).cookies;
const lineOf = ({ name, style }: { readonly name: string; readonly style: Parameters<typeof setCookie>[2] }) =>
  setCookie(name, 'x', style);
const rest = 'HttpOnly; SameSite=Strict; Secure';

describe('the cookies of an agent', () => {
  it('are for the agent alone where nobody else needs them, and no script reads them', () => {
    const { at, auth, id, csrf, login, out, csrfHeader } = cookiesOf({});
    expect([at, auth, id, csrf, login, out].map(lineOf)).toEqual([
      `example-at=x; Path=/; ${rest}`,
      `example-auth=x; Path=/oauth-agent; ${rest}`,
      `example-id=x; Path=/oauth-agent; ${rest}`,
      `example-csrf=x; Path=/; ${rest}`,
      `example-login=x; Path=/oauth-agent; ${rest}`,
      `example-out=x; Path=/; ${rest}`,
    ]);
    expect(csrfHeader).toBe('x-example-csrf');
  });

  it.each<[AgentSettingsInput, string, string]>([
    [
      { cookie: { domain: 'example.com' } },
      `example-auth=x; Domain=example.com; Path=/oauth-agent; ${rest}`,
      'a domain',
    ],
    [{ cookie: { basePath: '/apps/a' } }, `example-auth=x; Path=/apps/a; ${rest}`, 'a path of their own'],
    [{ basePath: '/bff' }, `example-auth=x; Path=/bff; ${rest}`, 'another base path'],
    [{ cookie: { prefix: 'shop', hostOnly: false } }, `shop-auth=x; Path=/oauth-agent; ${rest}`, 'another prefix'],
    [{ cookie: {} }, `__Host-example-auth=x; Path=/; ${rest}`, 'the names that a store has by default'],
    [{ cookie: { hostOnly: true } }, `__Host-example-auth=x; Path=/; ${rest}`, 'names that no other host can set'],
    [
      { cookie: { insecureHttp: true } },
      'example-auth=x; Path=/oauth-agent; HttpOnly; SameSite=Strict',
      'plain HTTP in development',
    ],
  ])('take from %j: %3$s', (settings, line) => {
    expect(lineOf(cookiesOf(settings).auth)).toBe(line);
  });

  it('stand where other programs look for them, where those read them', () => {
    const version1 = { key: sharedKeyReference };
    const written = cookiesOf({ state: 'sealed', version1, endpoints: { refresh: '/renew' } });
    expect([written.at, written.auth, written.id].map(({ style }) => style.path)).toEqual([
      '/',
      '/oauth-agent/renew',
      '/oauth-agent/claims',
    ]);
    expect(written.leftovers.map(({ name, style }) => `${name} ${style.path}`)).toEqual([
      'example-auth /oauth-agent',
      'example-id /oauth-agent',
    ]);
    const read = cookiesOf({ state: 'sealed', version1: { ...version1, write: false } });
    expect([read.auth, read.id].map(({ style }) => style.path)).toEqual(['/oauth-agent', '/oauth-agent']);
    expect(read.leftovers.map(({ name, style }) => `${name} ${style.path}`)).toEqual([
      'example-auth /oauth-agent/refresh',
      'example-id /oauth-agent/claims',
    ]);
  });

  it('are left over from nothing with a store, or where the names tell them apart', () => {
    expect(cookiesOf({}).leftovers).toEqual([]);
    expect(cookiesOf({ state: 'sealed', cookie: { hostOnly: true } }).leftovers).toEqual([]);
  });
});
