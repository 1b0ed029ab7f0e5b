/**
 * Every path that some server, proxy or framework is known to make of a request target: with fragments, parameters
 * and queries cut off before or after decoding, decoded twice, with overlong UTF-8, with backslashes as slashes,
 * doubled slashes merged or read as an authority, dot segments resolved, in any order. Case is not folded.
 */
export function readingsOf(target: string): ReadonlySet<string> {
  const found = new Set([target]);
  for (const reading of found) {
    if (found.size > 5000) throw new Error(`too many readings of ${target}`);
    for (const read of ways) found.add(read(reading)); // a Set's loop sees what is added in it
  }
  return found;
}

const ways: readonly ((target: string) => string)[] = [
  (target) => target.replace(/\?.*$/s, ''),
  (target) => target.replace(/#.*$/s, ''),
  (target) => target.replace(/\0.*$/s, ''),
  (target) => target.replace(/;[^/]*/g, ''),
  (target) => target.replaceAll('\\', '/'),
  (target) => target.replace(/\/{2,}/g, '/'),
  (target) => target.replace(/^(?:[a-z]+:)?\/\/[^/]*/i, ''),
  (target) => target.replace(/%u00([0-9a-f]{2})/gi, '%$1'),
  // Overlong forms of `.`, `/` and `\` in two and three bytes.
  (target) => target.replace(/%c0%([89ab][0-9a-f])/gi, (_all, low: string) => byte(Number.parseInt(low, 16) & 0x3f)),
  (target) =>
    target.replace(/%c1%([89ab][0-9a-f])/gi, (_all, low: string) => byte(0x40 | (Number.parseInt(low, 16) & 0x3f))),
  (target) => target.replace(/%e0%80%([89ab][0-9a-f])/gi, (_all, low: string) => byte(Number.parseInt(low, 16) & 0x3f)),
  (target) => target.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => byte(Number.parseInt(hex, 16))),
  (target) => target.replace(/[\t\n\r ]+/g, ''),
  (target) => resolveDots(target, /[?#]/),
  (target) => resolveDots(target, /\?/),
];

function byte(code: number): string {
  return String.fromCharCode(code);
}

/** RFC 3986 §5.2.4, leaving as it is what follows the `end` of the path. */
function resolveDots(target: string, end: RegExp): string {
  const mark = target.search(end);
  const path = mark < 0 ? target : target.slice(0, mark);
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
    if ((segment === '.' || segment === '..') && index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}${mark < 0 ? '' : target.slice(mark)}`;
}

/** Whether a path is `prefix` or below it. */
export function isBelow(prefix: string): (path: string) => boolean {
  return (path) => {
    const [plain = ''] = path.split(/[?#]/);
    return plain === prefix || plain.startsWith(`${prefix}/`);
  };
}
