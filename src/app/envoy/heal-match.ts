import type { HealRoute } from '../config/config.ts';
import type { EnvoyObject } from './envoy-value.ts';

/**
 * The match of Envoy for paths that are written as rules write them: decoded. Envoy has decoded the letters of RFC 3986
 * §2.3; everything else may come plain or encoded. A request that is read otherwise goes the plain way, and is checked
 * there.
 */
export function healMatch(path: HealRoute['path']): EnvoyObject {
  switch (path.kind) {
    case 'any':
      return { prefix: '/' };
    case 'exact':
      return isPlain(path.path) ? { path: path.path } : { safe_regex: { regex: patternOf(path.path) } };
    case 'prefix':
      return isPlain(path.prefix)
        ? { path_separated_prefix: path.prefix }
        : { safe_regex: { regex: `${patternOf(path.prefix)}(?:/.*)?` } };
  }
}

function isPlain(path: string): boolean {
  return /^[A-Za-z0-9._~/-]*$/.test(path);
}

function patternOf(path: string): string {
  return [...path]
    .map((letter) => (isPlain(letter) ? literal(letter) : `(?:${literal(letter)}|${encoded(letter)})`))
    .join('');
}

function literal(letter: string): string {
  return letter.replace(/[.*+?^$(){}|[\]\\]/g, '\\$&');
}

function encoded(letter: string): string {
  const bytes = [...new TextEncoder().encode(letter)];
  return `(?i:${bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')})`;
}
