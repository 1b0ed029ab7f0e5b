import type { Problem } from '../problem.ts';
import { isRecord } from './alpha-values.ts';
import type { IdentityHeader, Upstream } from './original.ts';

/** Upstreams, as a list or in `upstreamConfig`. */
export function alphaUpstreams(value: unknown, found: Problem[]): readonly Upstream[] {
  const list = isRecord(value) ? value['upstreams'] : value;
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) {
    found.push({ subject: 'upstreamConfig.upstreams', problem: 'expected a list', suggestion: undefined });
    return [];
  }
  return list.filter(isRecord).map((entry) => {
    const path = typeof entry['path'] === 'string' ? entry['path'] : '/';
    const uri = typeof entry['uri'] === 'string' ? entry['uri'] : 'static://200';
    const isPattern = path.startsWith('^') || entry['rewriteTarget'] !== undefined;
    return {
      path: isPattern ? literalStart(path) : path,
      uri: entry['static'] === true ? 'static://200' : uri,
      isPattern,
    };
  });
}

/** What every path that a pattern matches begins with, as far as whole segments. */
function literalStart(pattern: string): string {
  const [literal = '/'] = /^(?:\/[A-Za-z0-9_~-]+)*\/?/.exec(pattern.replace(/^\^/, '')) ?? [];
  return literal === '' ? '/' : literal.endsWith('/') ? literal : literal.replace(/[^/]*$/, '');
}

/** Headers for the workload. Those of responses are for a proxy that passes them on to it. */
export function alphaHeaders(requests: unknown, responses: unknown, found: Problem[]): readonly IdentityHeader[] {
  const all = [...entriesOf(requests), ...entriesOf(responses)];
  return all.flatMap((header) => {
    const name = header['name'];
    if (typeof name !== 'string') {
      found.push({ subject: 'injectRequestHeaders', problem: 'a header has no name', suggestion: undefined });
      return [];
    }
    return entriesOf(header['values']).map((value) => {
      const source = isRecord(value['claimSource']) ? value['claimSource'] : value;
      const claim = typeof source['claim'] === 'string' ? source['claim'] : undefined;
      const isBearer = source['prefix'] === 'Bearer ' && claim === 'access_token';
      const isPlain = source['prefix'] === undefined && source['basicAuthPassword'] === undefined;
      // A header with anything else in it is told of, and left out.
      return { name, claim: claim ?? 'id_token', prefix: isBearer || isPlain ? '' : 'other' };
    });
  });
}

function entriesOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
