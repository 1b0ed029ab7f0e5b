import { describe, expect, it } from 'vitest';
import { navigation } from '../../../test/support/browser-headers.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import type { Reply } from '../verdict.ts';
import { type Refusal, refuse } from './refusal.ts';

const denied: Refusal = { status: 403, error: 'access_denied', title: 'No <b>', description: 'Not "you" & me' };
const person = httpRequest({ headers: navigation });
const program = httpRequest();

function header(reply: Reply, name: string): string | undefined {
  return new Map(reply.headers).get(name);
}

describe('refuse', () => {
  it('answers programs in JSON that nothing caches or sniffs', () => {
    const reply = refuse(program, { ...denied, members: { reason: 'group_not_allowed' } });
    expect(reply).toEqual({
      kind: 'reply',
      status: 403,
      headers: [
        ['content-type', 'application/json'],
        ['cache-control', 'no-store'],
        ['x-content-type-options', 'nosniff'],
      ],
      body: '{"error":"access_denied","error_description":"Not \\"you\\" & me","reason":"group_not_allowed"}',
    });
  });

  it('answers people with an escaped page under the strict policy, with a way on', () => {
    const link = { href: '/x?a="&b', text: '<go>' };
    const reply = refuse(person, { ...denied, link });
    expect(reply.status).toBe(403);
    expect(header(reply, 'content-type')).toBe('text/html; charset=utf-8');
    expect(header(reply, 'cache-control')).toBe('no-store');
    expect(header(reply, 'content-security-policy')).toContain("default-src 'none'");
    expect(reply.body).toContain('<h1>No &lt;b&gt;</h1>');
    expect(reply.body).toContain('Not &quot;you&quot; &amp; me');
    expect(reply.body).toContain('href="/x?a=&quot;&amp;b">&lt;go&gt;</a>');
    expect(reply.body).toContain('<code>access_denied</code>');
    expect(refuse(person, denied).body).not.toContain('<a ');
  });

  it('adds the headers of the refusal', () => {
    const headers = [['retry-after', '5']] as const;
    expect(header(refuse(program, { ...denied, headers }), 'retry-after')).toBe('5');
    expect(header(refuse(person, { ...denied, headers }), 'retry-after')).toBe('5');
  });

  it('says 401 in JSON to everybody: people are redirected instead', () => {
    const reply = refuse(person, { ...denied, status: 401, error: 'login_required' });
    expect(JSON.parse(reply.body)).toMatchObject({ error: 'login_required' });
    // The provider’s own error of that name is for a person to read.
    expect(refuse(person, { ...denied, status: 400, error: 'login_required' }).body).toContain('<h1>');
  });

  it.each([program, person])('has no body for HEAD (RFC 9110 §9.3.2)', (request) => {
    expect(refuse({ ...request, method: 'HEAD' }, denied).body).toBe('');
  });

  it('names Envoy’s request id, and nothing else that came under that name (G9)', () => {
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const bodyFor = (value: string | readonly string[]) =>
      refuse(httpRequest({ headers: { ...navigation, 'x-request-id': value } }), denied).body;
    expect(bodyFor(id)).toContain(`Reference: <code>${id}</code>`);
    for (const value of ['<script>', `${id}\n`, `${id}x`, id.toUpperCase(), '', [id, id]]) {
      expect(bodyFor(value)).not.toContain('Reference');
    }
  });
});
