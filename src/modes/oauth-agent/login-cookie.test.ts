import { describe, expect, it } from 'vitest';
import { agentStates } from '../../../test/support/agent-states.ts';
import { httpRequest } from '../../../test/support/http-request.ts';

const states = agentStates();
const { loginCookie } = states.agent({ state: 'sealed' });
const secret = 's'.repeat(43);
const line = loginCookie.set(secret);
const pair = line.slice(0, line.indexOf(';'));
const read = (cookie: string | readonly string[], instance = 'spa') =>
  states.agent({ state: 'sealed' }, instance).loginCookie.read(httpRequest({ headers: { cookie } }));

describe('the login cookie', () => {
  it('keeps the secret of a browser, and shows it to nobody', () => {
    expect(line).toMatch(/^example-login=[\w-]+; Path=\/oauth-agent; HttpOnly; SameSite=Strict; Secure$/);
    expect(Buffer.from(pair, 'base64url').toString('latin1')).not.toContain(secret);
    expect(read(pair)).toEqual({ kind: 'secret', secret });
    expect(loginCookie.clear()).toMatch(/^example-login=; Path=\/oauth-agent; .*Max-Age=0$/);
  });

  it.each([
    ['of another instance', read(pair, 'other')],
    ['twice (S8)', read(`${pair}; ${pair}`)],
    ['twice, in two lines (S8)', read([pair, pair])],
    ['changed (S4)', read(`${pair.slice(0, -1)}${pair.endsWith('A') ? 'B' : 'A'}`)],
    ['cut short (S4)', read(pair.slice(0, -2))],
    ['empty', read('example-login=')],
    ['in quotes (S9)', read(pair.replace('=', '="').concat('"'))],
    [
      'of another cookie (S6)',
      read(states.agent({ state: 'sealed' }).csrf.issue('k').setCookie.replace('-csrf=', '-login=')),
    ],
  ])('is not valid %s', (_case, cookie) => {
    expect(cookie).toEqual({ kind: 'invalid' });
  });

  it('is absent where none came', () => {
    expect(loginCookie.read(httpRequest())).toEqual({ kind: 'absent' });
    expect(read('example-logi=x; a=example-login')).toEqual({ kind: 'absent' });
  });
});
