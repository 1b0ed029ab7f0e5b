import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readingsOf } from '../../../test/security/path-readings.ts';
import { type HttpRequestParts, httpRequest } from '../../../test/support/http-request.ts';
import { ruleOf } from '../../../test/support/rule.ts';
import { matchRule, type PathMatch, type Peculiarity, type Rule, type RuleUse } from './match.ts';
import { createRuleSelector, type RuleSettings, type Selection } from './select-rule.ts';

const open: RuleUse = { kind: 'public', keepsAuthorization: false };
const web: RuleUse = { kind: 'mode', instance: 'web', requirements: {} };
const prefix = (text: string): PathMatch => ({ kind: 'prefix', prefix: text });
const exact = (path: string): PathMatch => ({ kind: 'exact', path });
const tolerating = (...names: Peculiarity[]) => ({ tolerates: new Set(names) });

const settings: RuleSettings = {
  origins: ['https://app.example.com', 'https://*.example.com'],
  rules: [],
  limits: { maxHeaderBytes: 1000, maxHeaderCount: 10 },
};

function select(rules: readonly Rule[], parts: HttpRequestParts): Selection {
  return createRuleSelector({ ...settings, rules })(httpRequest(parts));
}

/** The name of the rule that decides, or why none does. */
function outcome(rules: readonly Rule[], parts: HttpRequestParts): string {
  const selected = select(rules, parts);
  return selected.kind === 'rule' ? selected.name : `${selected.kind}: ${selected.reason}`;
}

const semicolon = 'ambiguous: the path has a semicolon';
const empty = 'ambiguous: the path has an empty segment';
const encoding = 'ambiguous: the path has an encoding that servers read differently';

describe('the first rows of the decision table', () => {
  const rules = [ruleOf({ name: 'all', use: open })];

  it.each<readonly [string, HttpRequestParts, string]>([
    ['too much header', { authority: 'evil@x', headers: { a: 'x'.repeat(1000) } }, 'too_large'],
    ['an ambiguous host', { authority: 'evil@x' }, 'ambiguous'],
    ['two credentials', { authority: 'evil.test', headers: { authorization: ['a', 'b'] } }, 'ambiguous'],
    ['an ambiguous target', { authority: 'evil.test', target: '/a;b' }, 'ambiguous'],
    ['an ambiguous method', { authority: 'evil.test', method: 'get' }, 'ambiguous'],
    ['an unknown host', { authority: 'evil.test', method: 'TRACE' }, 'unknown_host'],
    ['TRACE', { method: 'TRACE' }, 'denied'],
    ['a rule', {}, 'rule'],
  ])('come in their order: %s', (_, parts, kind) => {
    expect(select(rules, parts).kind).toBe(kind);
  });

  it('hold for peculiar paths of unknown hosts too, whatever a rule tolerates elsewhere', () => {
    const lenient = [ruleOf({ use: open, ...tolerating('semicolons') })];
    expect(outcome(lenient, { authority: 'evil.test', target: '/a;b' })).toBe(semicolon);
  });
});

describe('origins', () => {
  it('are the concrete ones, while rules go by the configured ones', () => {
    const rules = [
      ruleOf({ name: 'tenants', origins: new Set(['https://*.example.com']), use: web }),
      ruleOf({ name: 'app', origins: new Set(['https://app.example.com']), use: open }),
    ];
    const of = (authority: string) => select(rules, { authority });
    expect(of('a.example.com')).toMatchObject({ name: 'tenants', origin: 'https://a.example.com' });
    expect(of('APP.example.com')).toMatchObject({ name: 'app', origin: 'https://app.example.com' });
    expect(of('a.b.example.com').kind).toBe('unknown_host');
  });
});

describe('context_extensions', () => {
  it('select the rule, and headers do not', () => {
    const rules = [ruleOf({ name: 'a', context: new Map([['tenant', 'a']]), use: web }), ruleOf({ name: 'rest' })];
    expect(outcome(rules, { context: { tenant: 'a', other: 'x' } })).toBe('a');
    expect(outcome(rules, { context: { tenant: 'b' }, headers: { tenant: 'a', context_extensions: 'tenant=a' } })).toBe(
      'denied: the rule denies',
    );
  });
});

describe('tolerance', () => {
  const gitlab = ruleOf({ name: 'api', path: prefix('/api'), use: web, ...tolerating('encodedSlashes') });
  const rest = ruleOf({ name: 'rest', use: web });

  it.each([
    ['/api/v4/projects/group%2Fproject', 'api'],
    ['/api/v4/projects/group%2fproject?x=%2f', 'api'],
    ['/api%2Fv4', encoding],
    ['/x%2Fy', encoding],
    ['/api/x%2F..%2F..%2Fadmin', encoding],
    ['/api/a;b', semicolon],
    ['/api//a', empty],
    ['/api/%2Fa', encoding],
    ['/api/a%252Fb', encoding],
    ['/api/a%5cb', encoding],
    ['/api/a', 'api'],
    ['/x', 'rest'],
  ])('is for what the rule names, and for its own paths: %s is %s (P2)', (target, expected) => {
    expect(outcome([gitlab, rest], { target })).toBe(expected);
  });

  it('never passes by a rule that is stricter in any reading', () => {
    const all: readonly Peculiarity[] = ['encodedSlashes', 'semicolons', 'emptySegments'];
    const rules = [
      ruleOf({ name: 'admin', path: prefix('/files/admin'), use: web }),
      ruleOf({ name: 'report', path: exact('/files/report') }),
      ruleOf({ name: 'files', path: prefix('/files'), use: open, ...tolerating(...all) }),
    ];
    expect(outcome(rules, { target: '/files/a%2Fb;c//d' })).toBe('files');
    for (const target of [
      '/files%2Fadmin',
      '/files/;/admin%2F',
      '/files//admin',
      '/files/admin;x',
      '/files/;x/admin',
      '/files/%2Fadmin',
      '/files/report;x',
      '/files//report',
      '/files/admin%2Fx',
      '/files/admin%2F%23x',
    ]) {
      expect(outcome(rules, { target })).toMatch(/^ambiguous/);
    }
    // A slash at the end of any reading (P8).
    expect(outcome(rules, { target: '/files/report%2F' })).toMatch(/^ambiguous/);
    expect(outcome(rules, { target: '/files/report/%3fx' })).toBe('ambiguous: a slash at the end leads past a rule');
    expect(outcome(rules, { target: '/files/reports%2F' })).toBe('files');
  });

  it('of header names is for the rule alone: others refuse what Envoy no longer does (H2)', () => {
    const rules = [
      ruleOf({ name: 'old', path: prefix('/old'), use: web, ...tolerating('underscoredHeaders') }),
      ruleOf({ name: 'public', path: prefix('/public'), use: open }),
    ];
    const headers = { x_tenant: '1' };
    const refused = 'ambiguous: a header name with an underscore';
    expect(outcome(rules, { target: '/old', headers })).toBe('old');
    expect(outcome(rules, { target: '/public', headers })).toBe(refused);
    expect(outcome(rules, { target: '/none', headers })).toBe(refused);
    expect(outcome(rules, { target: '/public', headers: { 'x-tenant': '1' } })).toBe('public');
    // Where no rule tolerates them, Envoy refuses them, and the check leaves them to the hygiene as before.
    expect(outcome([rest], { headers })).toBe('rest');
  });

  const segment = fc.constantFrom('a', 'b', 'admin');
  const paths = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `/${segments.join('/')}`);
  const match = fc.oneof(
    paths.map(exact),
    paths.map(prefix),
    fc.constant<PathMatch>({ kind: 'any' }),
    fc.constant(prefix('')),
  );
  const tolerances = fc.subarray<Peculiarity>(['encodedSlashes', 'semicolons', 'emptySegments']);
  const rule = fc
    .record({ path: match, use: fc.constantFrom<RuleUse>(open, web, { kind: 'deny' }), tolerates: tolerances })
    .map((parts) => ruleOf({ ...parts, tolerates: new Set(parts.tolerates) }));
  const piece = fc.constantFrom('/', '/', '/', 'a', 'b', 'admin', '%2f', ';', ';x', '%3b', '//', '%3f', '..', '.');
  const targets = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);

  it('lets on only what every server reads as a path of the same rule, that rule tolerating it (P1 to P5)', () => {
    let peculiar = 0;
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), targets, (rules, target) => {
        const selected = select(rules, { target });
        if (selected.kind !== 'rule') return;
        if (/%2f|;|%3b|\/\//.test(target)) peculiar += 1;
        const subject = { origin: settings.origins[0] ?? '', method: 'GET', preflightMethod: undefined };
        const found = [...readingsOf(target)].map((path) => matchRule(rules, { ...subject, path, context: new Map() }));
        expect(new Set(found).size).toBe(1);
        const [decided] = found;
        expect(decided?.use).toEqual(selected.use);
        if (/%2f/.test(target)) expect(decided?.tolerates).toContain('encodedSlashes');
        if (/;|%3b/.test(target)) expect(decided?.tolerates).toContain('semicolons');
        if (/\/\//.test(target)) expect(decided?.tolerates).toContain('emptySegments');
      }),
      { numRuns: 20_000 },
    );
    // Without this the property would hold where nothing is let on.
    expect(peculiar).toBeGreaterThan(100);
  });
});

describe('CORS preflights (B4)', () => {
  const headers = { origin: 'https://spa.example', 'access-control-request-method': 'PUT' };
  const preflight = (target: string) => ({ method: 'OPTIONS', target, headers });
  const api = ruleOf({ name: 'api', path: prefix('/api'), use: web, passesPreflight: true });

  it('go on without identity where the rule passes them', () => {
    expect(select([api], preflight('/api/x'))).toMatchObject({ kind: 'rule', name: 'api', use: { kind: 'preflight' } });
    const put = { ...api, methods: new Set(['PUT']) };
    expect(select([put], preflight('/api/x'))).toMatchObject({ use: { kind: 'preflight' } });
  });

  it('that are none get the normal treatment of the rule', () => {
    expect(select([api], { method: 'OPTIONS', target: '/api' })).toMatchObject({ use: web });
    expect(select([api], { target: '/api', headers })).toMatchObject({ use: web });
    expect(select([ruleOf({ name: 'rest', use: web }), api], preflight('/api'))).toMatchObject({
      name: 'rest',
      use: web,
    });
  });

  it('pass by no earlier rule, and by none that a slash at the end alone avoids (P8)', () => {
    const rules = [ruleOf({ name: 'closed', path: exact('/api/closed') }), api, ruleOf({ name: 'rest', use: web })];
    expect(outcome(rules, preflight('/api/closed'))).toBe('denied: the rule denies');
    expect(outcome(rules, preflight('/api/closed/'))).toBe('ambiguous: a slash at the end leads past a rule');
    expect(outcome(rules, preflight('/api/open/'))).toBe('api');
    expect(select(rules, preflight('/x'))).toMatchObject({ name: 'rest', use: web });
    expect(outcome([api], preflight('/x'))).toBe('denied: no rule matches');
  });
});

describe('CORS preflights that the mode answers (B4)', () => {
  const headers = { origin: 'https://spa.example', 'access-control-request-method': 'PUT' };
  const preflight = (target: string) => ({ method: 'OPTIONS', target, headers });
  const api = ruleOf({
    name: 'api',
    path: prefix('/api'),
    methods: new Set(['PUT']),
    use: web,
    answersPreflight: true,
  });

  it('go to the mode as any other request, by the method that they ask about', () => {
    expect(select([api], preflight('/api/x'))).toMatchObject({ kind: 'rule', name: 'api', use: web });
    expect(
      outcome([api], { ...preflight('/api'), headers: { ...headers, 'access-control-request-method': 'GET' } }),
    ).toBe('denied: no rule matches');
  });

  it('are those alone: a plain OPTIONS goes by its own method', () => {
    expect(outcome([api], { method: 'OPTIONS', target: '/api' })).toBe('denied: no rule matches');
    expect(outcome([api], { ...preflight('/api'), headers: { origin: 'https://spa.example' } })).toBe(
      'denied: no rule matches',
    );
    expect(outcome([{ ...api, answersPreflight: false }], preflight('/api'))).toBe('denied: no rule matches');
  });

  it('make the rule no open one: a slash or a reading leads past nothing (P5, P8)', () => {
    const closed = ruleOf({ name: 'closed', path: exact('/api/closed'), methods: new Set(['PUT']), use: web });
    const rules = [{ ...closed, answersPreflight: true }, api];
    expect(outcome(rules, preflight('/api/closed'))).toBe('closed');
    expect(outcome(rules, preflight('/api/closed/'))).toBe('ambiguous: a slash at the end leads past a rule');
    expect(outcome(rules, preflight('/api/closed%3fx'))).toBe(
      'ambiguous: rules depend on how an encoded ? or # is read',
    );
    // A public rule behind it is no way around it.
    const open = ruleOf({ name: 'open', use: { kind: 'public', keepsAuthorization: false } });
    expect(outcome([{ ...api, path: exact('/api/x') }, open], preflight('/api/x/'))).toBe(
      'ambiguous: a slash at the end leads past a rule',
    );
  });
});

describe('a slash at the end (P8)', () => {
  const strict = ruleOf({ name: 'admin', path: exact('/admin'), use: web });
  const rest = ruleOf({ name: 'rest', use: web });

  it('leads past no exact rule to a later one that may ask for less', () => {
    expect(outcome([strict, rest], { target: '/admin' })).toBe('admin');
    for (const target of ['/admin/', '/%61dmin/']) {
      expect(outcome([strict, rest], { target })).toBe('ambiguous: a slash at the end leads past a rule');
    }
    expect(outcome([strict, rest], { target: '/admin/users/' })).toBe('rest');
  });

  it('is another path where a rule names it so, or where the first rule covers what is below', () => {
    const named = ruleOf({ name: 'named', path: exact('/admin/'), use: web });
    expect(outcome([strict, named, rest], { target: '/admin/' })).toBe('named');
    expect(outcome([ruleOf({ name: 'below', path: prefix('/admin'), use: web }), rest], { target: '/admin/' })).toBe(
      'below',
    );
  });
});
