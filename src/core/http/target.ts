/** A request target that every common server reads the same way. */
export interface Target {
  readonly kind: 'target';
  /** Percent-decoded once, for comparison with rules. Never sent anywhere. */
  readonly path: string;
  /**
   * The path up to an encoded `?` or `#`, as servers read it that look for those after decoding (Apache's proxying
   * did, CVE-2024-38474); undefined where there is none. Rules must decide the same about both.
   */
  readonly cutPath: string | undefined;
  /** Without the `?`; undefined when there is none. */
  readonly query: string | undefined;
}

/** A target that servers are known to read differently; it is refused rather than guessed at. */
export interface AmbiguousTarget {
  readonly kind: 'ambiguous';
  readonly reason: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
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
  if (!target.startsWith('/')) return ambiguous('the target is not a path');
  if (!printableAscii.test(target)) return ambiguous('the target has characters outside printable ASCII');
  if (target.includes('#')) return ambiguous('the target has a fragment');
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? undefined : target.slice(mark + 1);
  if (rawPath.includes('\\')) return ambiguous('the path has a backslash');
  if (rawPath.includes(';')) return ambiguous('the path has a semicolon');
  if (rawPath.includes('//')) return ambiguous('the path has an empty segment');
  const path = rawPath.includes('%') ? decodePath(rawPath) : rawPath;
  if (path === undefined) return ambiguous('the path has an encoding that servers read differently');
  const cutPath = path === rawPath ? undefined : cutAtMark(path);
  if (hasDotSegment(path) || (cutPath !== undefined && hasDotSegment(cutPath)))
    return ambiguous('the path has a dot segment');
  return { kind: 'target', path, cutPath, query };
}

function ambiguous(reason: string): AmbiguousTarget {
  return { kind: 'ambiguous', reason };
}

/** The path decoded once, or undefined where a second reader might decode it to something else. */
function decodePath(rawPath: string): string | undefined {
  // %2f and %5c become separators, %3b a parameter, %00-%1f and %7f end or split strings behind us.
  if (/%(?![0-9a-f]{2})|%(?:2f|5c|3b|[01][0-9a-f]|7f)/i.test(rawPath)) return undefined;
  const decoded = decodeUtf8(rawPath);
  // A decoded text that still holds an escape was encoded twice.
  return decoded === undefined || /%[0-9a-f]{2}/i.test(decoded) ? undefined : decoded;
}

function decodeUtf8(rawPath: string): string | undefined {
  const bytes: number[] = [];
  for (let index = 0; index < rawPath.length; index += 1) {
    if (rawPath[index] === '%') {
      bytes.push(Number.parseInt(rawPath.slice(index + 1, index + 3), 16));
      index += 2;
    } else {
      bytes.push(rawPath.charCodeAt(index));
    }
  }
  try {
    return utf8.decode(Uint8Array.from(bytes)); // fatal: overlong and cut sequences throw
  } catch {
    return undefined;
  }
}

function cutAtMark(path: string): string | undefined {
  const at = path.search(/[?#]/);
  return at < 0 ? undefined : path.slice(0, at);
}

function hasDotSegment(path: string): boolean {
  return path.includes('/.') && path.split('/').some((segment) => segment === '.' || segment === '..');
}
