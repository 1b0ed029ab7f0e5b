import { cutAtMark, decodePath, hasDotSegment } from './path-decoding.ts';

/** A request target that every common server reads the same way. */
export interface Target {
  readonly kind: 'target';
  /** Percent-decoded once, for comparison with rules. Never sent anywhere. */
  readonly path: string;
  /** The path up to an encoded `?` or `#`; undefined where there is none. Rules must decide the same about both. */
  readonly cutPath: string | undefined;
  /** Without the `?`; undefined when there is none. */
  readonly query: string | undefined;
}

/** A target that servers are known to read differently; it is refused rather than guessed at. */
export interface AmbiguousTarget {
  readonly kind: 'ambiguous';
  readonly reason: string;
}

/** A target taken apart and not decoded yet. */
interface RawTarget {
  readonly kind: 'raw';
  readonly path: string;
  readonly query: string | undefined;
}

// A space or any other byte outside printable ASCII has no place in a request line (RFC 9112 §3.2).
const printableAscii = /^[\x21-\x7e]+$/;

/**
 * Reads path and query of an undecoded request target (RFC 9112 §3.2.1).
 *
 * Rules compare the decoded path, so `/%61dmin` is `/admin` to us as it is to the workload. What could be
 * another path behind us than before us (encoded separators, dot segments, `;`, `//`, double encoding,
 * overlong UTF-8) is ambiguous.
 */
export function parseTarget(target: string): Target | AmbiguousTarget {
  const raw = splitTarget(target);
  if (raw.kind === 'ambiguous') return raw;
  if (raw.path.includes(';')) return ambiguous('the path has a semicolon');
  if (raw.path.includes('//')) return ambiguous('the path has an empty segment');
  const path = decodePath(raw.path);
  if (path === undefined) return ambiguous('the path has an encoding that servers read differently');
  const cutPath = path === raw.path ? undefined : cutAtMark(path);
  if (hasDotSegment(path) || (cutPath !== undefined && hasDotSegment(cutPath)))
    return ambiguous('the path has a dot segment');
  return { kind: 'target', path, cutPath, query: raw.query };
}

/** In characters. RFC 9110 §4.1 asks for 8,000; every rule with a pattern goes through all of them. */
const longestPath = 8_192;

/** Takes a target apart; ambiguous where no exception could ever make it readable. */
export function splitTarget(target: string): RawTarget | AmbiguousTarget {
  if (!target.startsWith('/')) return ambiguous('the target is not a path');
  if (!printableAscii.test(target)) return ambiguous('the target has characters outside printable ASCII');
  if (target.includes('#')) return ambiguous('the target has a fragment');
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (path.length > longestPath) return ambiguous('the path is too long');
  if (path.includes('\\')) return ambiguous('the path has a backslash');
  return { kind: 'raw', path, query: mark < 0 ? undefined : target.slice(mark + 1) };
}

function ambiguous(reason: string): AmbiguousTarget {
  return { kind: 'ambiguous', reason };
}
