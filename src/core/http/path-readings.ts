import { cutAtMark, decodePath, hasDotSegment } from './path-decoding.ts';
import { splitTarget } from './target.ts';

/** What makes servers read one path differently, and what a rule can tolerate all the same. */
export type PathPeculiarity = 'encodedSlashes' | 'semicolons' | 'emptySegments';

/** Everything that servers are known to make of a peculiar path. */
export interface PathReadings {
  /** The most literal one: decoded, with `%2F` for an encoded slash that stays one. */
  readonly path: string;
  /** The others: one or two for the paths that applications use, at most 41 for the oddest. */
  readonly otherPaths: readonly string[];
  /** Those that occur in any reading. */
  readonly peculiarities: readonly PathPeculiarity[];
}

/** Characters of all readings together: each goes through every rule. A path of 1 kB may have 32. */
const mostCharacters = 32_768;

/** Longest peculiar path, in characters: an object key of S3 (1,024 bytes) in escapes, and its bucket. */
const longestPath = 4096;

/**
 * What servers do to a path, in any order: decode an encoded slash, strip parameters up to the next slash (servlet
 * containers), cut at the first semicolon (CVE-2020-1957), merge slashes, cut at an encoded `?` or `#`.
 */
const ways: readonly ((path: string) => string)[] = [
  (path) => path.replaceAll('%2F', '/'),
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.replace(/;.*/s, ''),
  (path) => path.replace(/\/{2,}/g, '/'),
  (path) => cutAtMark(path) ?? path,
];

/**
 * Every reading of a target's path, for rules that tolerate peculiarities; undefined where it stays ambiguous whatever
 * a rule says: a dot segment, or `//` at the start, in any reading (the latter names a host to many URL parsers),
 * another encoding that servers disagree about, or more than 4,096 characters.
 */
export function readingsOf(target: string): PathReadings | undefined {
  const raw = splitTarget(target);
  if (raw.kind === 'ambiguous' || raw.path.length > longestPath) return undefined;
  const literal = decodeLiterally(raw.path);
  if (literal === undefined) return undefined;
  const paths = new Set([literal]);
  for (const path of paths) {
    if (path.startsWith('//') || hasDotSegment(path) || paths.size * literal.length > mostCharacters) return undefined;
    for (const read of ways) paths.add(read(path)); // a Set's loop sees what is added in it
  }
  const [, ...otherPaths] = paths;
  return { path: literal, otherPaths, peculiarities: peculiaritiesOf([...paths]) };
}

/** The path decoded but for its encoded slashes. */
function decodeLiterally(rawPath: string): string | undefined {
  // Where only some are encoded, servers that strip before they decode keep those: a mixture has no reading of ours.
  if (rawPath.includes(';') && /%3b/i.test(rawPath)) return undefined;
  const pieces = rawPath
    .replace(/%3b/gi, ';')
    .split(/%2f/i)
    .map((piece) => decodePath(piece));
  return pieces.includes(undefined) ? undefined : pieces.join('%2F');
}

function peculiaritiesOf(paths: readonly string[]): readonly PathPeculiarity[] {
  const isIn = (text: string) => paths.some((path) => path.includes(text));
  return [
    ...(isIn('%2F') ? (['encodedSlashes'] as const) : []),
    ...(isIn(';') ? (['semicolons'] as const) : []),
    ...(isIn('//') ? (['emptySegments'] as const) : []),
  ];
}
