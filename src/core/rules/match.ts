/** How a rule names paths; at most one way. Compared with the decoded path of {@link parseTarget}. */
export type PathMatch =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly path: string }
  /** Whole segments: `/app` matches `/app` and `/app/x`, not `/apple`. Without a slash at the end; `` is every path. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** Linear-time, and over the whole path. */
  | { readonly kind: 'pattern'; matches(path: string): boolean };

/** What a rule's `use` names. */
export type RuleUse =
  /** `keepsAuthorization`: the client's own Authorization header reaches the workload. */
  | { readonly kind: 'public'; readonly keepsAuthorization: boolean }
  | { readonly kind: 'deny' }
  | { readonly kind: 'mode'; readonly instance: string; readonly requirements: unknown };

export interface Rule {
  readonly name: string;
  /** Origins whose requests it applies to; undefined is all of them. */
  readonly origins: ReadonlySet<string> | undefined;
  readonly path: PathMatch;
  /** Methods in upper case; undefined is all of them. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly use: RuleUse;
}

/** The parts of a request that rules look at. */
export interface RuleSubject {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
}

/** The first rule that matches; undefined when none does, which is a refusal. */
export function matchRule(rules: readonly Rule[], subject: RuleSubject): Rule | undefined {
  return rules.find(
    (rule) =>
      (rule.origins === undefined || rule.origins.has(subject.origin)) &&
      (rule.methods === undefined || rule.methods.has(subject.method)) &&
      matchesPath(rule.path, subject.path),
  );
}

function matchesPath(match: PathMatch, path: string): boolean {
  switch (match.kind) {
    case 'any':
      return true;
    case 'exact':
      return path === match.path;
    case 'prefix':
      return path === match.prefix || path.startsWith(`${match.prefix}/`);
    case 'pattern':
      return match.matches(path);
  }
}
