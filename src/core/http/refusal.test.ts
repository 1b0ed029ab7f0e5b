import { describe, expect, it } from 'vitest';
import { navigation } from '../../../test/support/browser-headers.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import { rendered } from '../../../test/support/rendered.ts';
import type { PlainReply } from '../verdict.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { HttpRequest } from './request.ts';

const denied: Refusal = {
  status: 403,
  error: 'access_denied',
  title: { en: 'No <b>', de: 'Nein <b>' },
  description: { en: 'Not "you" & me', de: 'Nicht „du“ & ich' },
};
const person = httpRequest({ headers: navigation });
const program = httpRequest();

/** As it leaves. */
function refused(request: HttpRequest, refusal: Refusal): PlainReply {
  return rendered(refuse(request, refusal), request);
}

function header(reply: PlainReply, name: string): string | undefined {
  return new Map(reply.headers).get(name);
}

describe('refuse', () => {
  it('answers programs in JSON that nothing caches or sniffs', () => {
    const reply = refused(program, { ...denied, members: { reason: 'group_not_allowed' } });
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
    const link = { href: '/x?a="&b', text: { en: '<go>', de: '<los>' } };
    const reply = refused(person, { ...denied, link });
    expect(reply.status).toBe(403);
    expect(header(reply, 'content-type')).toBe('text/html; charset=utf-8');
    expect(header(reply, 'cache-control')).toBe('no-store');
    expect(header(reply, 'content-security-policy')).toContain("default-src 'none'");
    expect(reply.body).toContain('<h1>No &lt;b&gt;</h1>');
    expect(reply.body).toContain('Not &quot;you&quot; &amp; me');
    expect(reply.body).toContain('href="/x?a=&quot;&amp;b">&lt;go&gt;</a>');
    expect(reply.body).toContain('<code>access_denied</code>');
    expect(refused(person, denied).body).not.toContain('<a ');
  });

  it('adds the headers of the refusal', () => {
    const headers = [['retry-after', '5']] as const;
    expect(header(refused(program, { ...denied, headers }), 'retry-after')).toBe('5');
    expect(header(refused(person, { ...denied, headers }), 'retry-after')).toBe('5');
  });

  it('says 401 in JSON to everybody: people are redirected instead', () => {
    const reply = refused(person, { ...denied, status: 401, error: 'login_required' });
    expect(JSON.parse(reply.body)).toMatchObject({ error: 'login_required' });
    // The provider’s own error of that name is for a person to read.
    expect(refused(person, { ...denied, status: 400, error: 'login_required' }).body).toContain('<h1>');
  });

  it('speaks German to people who ask for it, English to programs whatever they ask for', () => {
    const link = { href: '/', text: { en: 'go', de: 'los' } };
    const german = { 'accept-language': 'de', 'x-request-id': '01234567-89ab-cdef-0123-456789abcdef' };
    const page = refused(httpRequest({ headers: { ...navigation, ...german } }), { ...denied, link }).body;
    for (const text of ['<h1>Nein &lt;b&gt;</h1>', 'Nicht „du“ &amp; ich', '>los</a>', 'Referenz: <code>']) {
      expect(page).toContain(text);
    }
    const json = refused(httpRequest({ headers: german }), denied).body;
    expect(JSON.parse(json)).toMatchObject({ error_description: 'Not "you" & me' });
  });

  it('names Envoy’s request id, and nothing else that came under that name (G9)', () => {
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const bodyFor = (value: string | readonly string[]) =>
      refused(httpRequest({ headers: { ...navigation, 'x-request-id': value } }), denied).body;
    expect(bodyFor(id)).toContain(`Reference: <code>${id}</code>`);
    for (const value of ['<script>', `${id}\n`, `${id}x`, id.toUpperCase(), '', [id, id]]) {
      expect(bodyFor(value)).not.toContain('Reference');
    }
  });
});
