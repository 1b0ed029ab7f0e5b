import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';

/** A compiled pattern, or why there is none. */
export type CompiledPattern =
  | { readonly kind: 'ok'; matches(path: string): boolean }
  | { readonly kind: 'invalid'; readonly problem: string };

/** Compiles RE2 syntax. Matching takes linear time and covers the whole path, as if the pattern stood between ^ and $. */
export function compilePattern(source: string): CompiledPattern {
  try {
    const pattern = RE2JS.compile(source);
    return { kind: 'ok', matches: (path) => pattern.matches(path) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { kind: 'invalid', problem: explain(source, error) };
  }
}

// The library quotes the pattern; a pattern is no secret, but a short word about the cause says more.
function explain(source: string, error: RE2JSException): string {
  if (/\(\?<?[=!]/.test(source)) return 'look-ahead and look-behind are not part of it';
  if (/\\[1-9]/.test(source)) return 'back-references are not part of it';
  return error instanceof RE2JSSyntaxException ? error.getDescription() : 'it cannot be compiled';
}
