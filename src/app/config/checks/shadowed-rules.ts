import { type PathMatch, type Rule, seesPreflights } from '../../../core/rules/match.ts';
import { type Finding, warningAt } from '../finding.ts';

/** Warns of rules that no request reaches, since an earlier rule takes everything that they match. */
export function checkShadowedRules(
  rules: readonly (Rule | undefined)[],
  places: readonly number[],
): readonly Finding[] {
  return rules.flatMap((rule, index) => {
    const earlier = rule && rules.slice(0, index).find((other) => other !== undefined && covers(other, rule));
    if (earlier === undefined) return [];
    const problem = `no request reaches this rule: "${earlier.name}" above it takes all of them`;
    return [warningAt(['rules', places[index] ?? index], problem, 'move it up, or remove it')];
  });
}

function covers(wide: Rule, narrow: Rule): boolean {
  return (
    includes(wide.origins, narrow.origins) &&
    includes(wide.methods, narrow.methods) &&
    takesPreflights(wide, narrow) &&
    [...wide.context].every(([key, value]) => narrow.context.get(key) === value) &&
    coversPath(wide.path, narrow.path)
  );
}

/** Undefined stands for everything. */
function includes(wide: ReadonlySet<string> | undefined, narrow: ReadonlySet<string> | undefined): boolean {
  return wide === undefined || (narrow !== undefined && [...narrow].every((entry) => wide.has(entry)));
}

/** A preflight is OPTIONS to a rule that does not look at what it asks: rules for GET alone leave it to a later one. */
function takesPreflights(wide: Rule, narrow: Rule): boolean {
  return !seesPreflights(narrow) || seesPreflights(wide) || includes(wide.methods, new Set(['OPTIONS']));
}

// A pattern covers nothing that is certain, and only everything covers a pattern.
function coversPath(wide: PathMatch, narrow: PathMatch): boolean {
  switch (wide.kind) {
    case 'any':
      return true;
    case 'prefix':
      if (wide.prefix === '') return true;
      return isBelow(wide.prefix, narrow);
    case 'exact':
      return narrow.kind === 'exact' && narrow.path === wide.path;
    case 'pattern':
      return narrow.kind === 'exact' && wide.matches(narrow.path);
  }
}

function isBelow(prefix: string, narrow: PathMatch): boolean {
  if (narrow.kind !== 'exact' && narrow.kind !== 'prefix') return false;
  const path = narrow.kind === 'exact' ? narrow.path : narrow.prefix;
  return path === prefix || path.startsWith(`${prefix}/`);
}
