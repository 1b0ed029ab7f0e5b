import { describe, expect, it } from 'vitest';
import { type HttpRequestParts, httpRequest } from '../../../test/support/http-request.ts';
import { ruleOf } from '../../../test/support/rule.ts';
import type { Rule } from './match.ts';
import { createRuleSelector } from './select-rule.ts';
import { traceRules } from './trace-rules.ts';

const origins = ['https://app.example.com', 'https://*.apps.example.com'];

/** What each rule up to the deciding one misses, by its name. */
function trace(rules: readonly Rule[], request: HttpRequestParts = {}): Readonly<Record<string, readonly string[]>> {
  const traces = traceRules(httpRequest(request), { origins, rules });
  return Object.fromEntries(traces.map(({ rule, unmet }) => [rule.name, unmet]));
}

const picky = ruleOf({
  name: 'picky',
  origins: new Set(['https://*.apps.example.com']),
  methods: new Set(['POST']),
  context: new Map([['tenant', 'a']]),
  path: { kind: 'prefix', prefix: '/app' },
});
const all = ruleOf({ name: 'all' });
const never = ruleOf({ name: 'never' });

describe('traceRules', () => {
  it('says of every rule before the deciding one all that it asks for in vain, and nothing of those after it', () => {
    expect(trace([picky, all, never])).toEqual({ picky: ['host', 'method', 'context', 'path'], all: [] });
    expect(trace([picky, all], { authority: 'a.apps.example.com', target: '/app/x' })).toEqual({
      picky: ['method', 'context'],
      all: [],
    });
  });

  it('agrees with the decision about a request that meets everything', () => {
    const request = {
      authority: 'a.apps.example.com',
      method: 'POST',
      target: '/app?x=1',
      context: { tenant: 'a' },
    };
    expect(trace([picky, all], request)).toEqual({ picky: [] });
  });

  it('tells all rules where none decides', () => {
    expect(trace([picky])).toEqual({ picky: ['host', 'method', 'context', 'path'] });
    expect(trace([])).toEqual({});
  });

  it('takes a preflight for what it asks about, where a rule passes or answers preflights', () => {
    const put = ruleOf({ name: 'put', methods: new Set(['PUT']), passesPreflight: true });
    const answered = { ...put, passesPreflight: false, answersPreflight: true };
    const blind = { ...put, passesPreflight: false };
    const headers = { origin: 'https://other.example.com', 'access-control-request-method': 'PUT' };
    expect(trace([answered], { method: 'OPTIONS', headers })).toEqual({ put: [] });
    expect(trace([blind], { method: 'OPTIONS', headers })).toEqual({ put: ['method'] });
    expect(trace([put], { method: 'OPTIONS', headers })).toEqual({ put: [] });
    expect(trace([put], { method: 'OPTIONS' })).toEqual({ put: ['method'] });
  });

  it('reads a peculiar path where a rule tolerates it', () => {
    const lenient = ruleOf({
      name: 'lenient',
      path: { kind: 'prefix', prefix: '/repo' },
      tolerates: new Set(['encodedSlashes']),
    });
    expect(trace([lenient], { target: '/repo/a%2fb' })).toEqual({ lenient: [] });
    expect(trace([ruleOf({ name: 'strict' })], { target: '/repo/a%2fb' })).toEqual({});
  });

  it('has nothing to tell of a peculiar path where rules tolerate peculiar headers only, as the decision', () => {
    const headersOnly = ruleOf({ name: 'headers only', tolerates: new Set(['underscoredHeaders']) });
    const request = httpRequest({ target: '/repo/a%2fb' });
    const select = createRuleSelector({
      origins,
      rules: [headersOnly],
      limits: { maxHeaderBytes: 1000, maxHeaderCount: 10 },
    });
    expect(select(request)).toMatchObject({ kind: 'ambiguous', rule: undefined });
    expect(trace([headersOnly], { target: '/repo/a%2fb' })).toEqual({});
  });

  it.each<HttpRequestParts>([{ authority: 'evil.example' }, { authority: '' }, { target: '/a/../b' }, { target: '*' }])(
    'has nothing to tell of a request that is refused before rules are looked at: %j',
    (request) => {
      expect(trace([all], request)).toEqual({});
    },
  );
});
