const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A path decoded once, or undefined where a second reader might decode it to something else. */
export function decodePath(rawPath: string): string | undefined {
  if (!rawPath.includes('%')) return rawPath;
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

/**
 * The path up to an encoded `?` or `#`, as servers read it that look for those after decoding (Apache's proxying
 * did, CVE-2024-38474); undefined where there is none.
 */
export function cutAtMark(path: string): string | undefined {
  const at = path.search(/[?#]/);
  return at < 0 ? undefined : path.slice(0, at);
}

/** Whether a segment is `.` or `..` (RFC 3986 §5.2.4). */
export function hasDotSegment(path: string): boolean {
  return path.includes('/.') && path.split('/').some((segment) => segment === '.' || segment === '..');
}
