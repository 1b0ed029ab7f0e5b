import { z } from 'zod';
import type { PathMatch, Rule, RuleUse } from '../../core/rules/match.ts';
import { explainIssue } from './explain-issue.ts';
import { errorAt, type Finding, suggestName } from './finding.ts';
import type { Instance, Placed, Sections } from './sections.ts';

/** A regular expression as the rules use it: linear time, over the whole path. */
export type CompilePattern = (
  source: string,
) => { readonly kind: 'ok'; matches(path: string): boolean } | { readonly kind: 'invalid'; readonly problem: string };

type RuleSettings = Sections['rules'][number]['value'];

/** Rules in the form in which requests are matched; undefined in place of a rule that `found` got an error for. */
export function compileRules(
  sections: Sections,
  found: Finding[],
  compilePattern: CompilePattern,
): readonly (Rule | undefined)[] {
  const originsByHost = new Map(sections.origins.map(({ value }) => [new URL(value).host, value]));
  return sections.rules.map((placed) => compileRule(placed, sections, originsByHost, found, compilePattern));
}

function compileRule(
  { index, value: rule }: Placed<RuleSettings>,
  sections: Sections,
  originsByHost: ReadonlyMap<string, string>,
  found: Finding[],
  compilePattern: CompilePattern,
): Rule | undefined {
  const findings: Finding[] = [];
  const compiled = {
    name: rule.name ?? `rule ${index + 1}`,
    origins: compileHosts(rule.hosts, index, originsByHost, findings),
    path: compilePath(rule.path, index, findings, compilePattern),
    methods: compileMethods(rule.methods),
    context: new Map(Object.entries(rule.context ?? {})),
    tolerates: compileTolerance(rule, index, findings),
    ...compilePreflight(rule, index, sections, findings),
    use: compileUse(rule, index, sections, findings),
  };
  found.push(...findings);
  const { use } = compiled;
  return findings.length > 0 || use === undefined ? undefined : { ...compiled, use };
}

function compileHosts(
  hosts: RuleSettings['hosts'],
  index: number,
  originsByHost: ReadonlyMap<string, string>,
  found: Finding[],
): ReadonlySet<string> | undefined {
  if (hosts === undefined) return undefined;
  const origins = hosts.map((host, place) => {
    const origin = originsByHost.get(host);
    if (origin === undefined) {
      const problem = 'no origin has this host: a host is written as in origins, without the scheme';
      found.push(errorAt(['rules', index, 'hosts', place], problem, suggestName(host, [...originsByHost.keys()])));
    }
    return origin;
  });
  return new Set(origins.filter((origin) => origin !== undefined));
}

// RFC 9110 §9.3.2: HEAD is GET without content. It must not pass by a rule that protects GET.
function compileMethods(methods: RuleSettings['methods']): ReadonlySet<string> | undefined {
  if (methods === undefined) return undefined;
  return new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods);
}

function compilePath(
  path: RuleSettings['path'],
  index: number,
  found: Finding[],
  compilePattern: CompilePattern,
): PathMatch {
  if (path?.exact !== undefined) return { kind: 'exact', path: path.exact };
  if (path?.prefix !== undefined) return { kind: 'prefix', prefix: path.prefix === '/' ? '' : path.prefix };
  if (path?.regex === undefined) return { kind: 'any' };
  const pattern = compilePattern(path.regex);
  if (pattern.kind === 'ok') return { kind: 'pattern', matches: pattern.matches };
  found.push(errorAt(['rules', index, 'path', 'regex'], `expected RE2 syntax: ${pattern.problem}`));
  return { kind: 'any' };
}

const peculiarities = ['encodedSlashes', 'semicolons', 'emptySegments', 'underscoredHeaders'] as const;

function compileTolerance(rule: RuleSettings, index: number, found: Finding[]): Rule['tolerates'] {
  if (rule.use === 'deny' && rule.tolerate !== undefined) {
    const problem = 'tolerate lets requests on, and use: deny refuses them all';
    found.push({ ...errorAt(['rules', index, 'tolerate'], problem, 'remove it'), at: 'key' });
  }
  return new Set(peculiarities.filter((each) => rule.tolerate?.[each] === true));
}

function compilePreflight(
  rule: RuleSettings,
  index: number,
  sections: Sections,
  found: Finding[],
): Pick<Rule, 'passesPreflight' | 'answersPreflight'> {
  const answersPreflight = answersPreflights(sections.modes.get(rule.use));
  const problem = preflightProblem(rule, answersPreflight);
  if (problem !== undefined) {
    found.push({ ...errorAt(['rules', index, 'passPreflight'], problem, 'remove it'), at: 'key' });
  }
  return { passesPreflight: rule.passPreflight ?? false, answersPreflight };
}

function answersPreflights(instance: Instance | undefined): boolean {
  return instance?.definition.common(instance.settings).answersPreflights ?? false;
}

function preflightProblem({ use, passPreflight }: RuleSettings, answersPreflight: boolean): string | undefined {
  if (passPreflight === undefined) return undefined;
  switch (use) {
    case 'public':
      return 'passPreflight is for rules that name an instance; use: public lets preflights through as it does everything';
    case 'deny':
      return 'passPreflight is for rules that name an instance; use: deny lets nothing through, preflights included';
    default:
      return passPreflight && answersPreflight
        ? `modes.${use} has CORS on and answers preflights itself: the workload gets none`
        : undefined;
  }
}

function compileUse(rule: RuleSettings, index: number, sections: Sections, found: Finding[]): RuleUse | undefined {
  if (rule.keepAuthorization !== undefined && rule.use !== 'public') {
    const problem = 'keepAuthorization is for rules with use: public; an instance decides about the header itself';
    found.push({ ...errorAt(['rules', index, 'keepAuthorization'], problem, 'remove it'), at: 'key' });
  }
  if (rule.use === 'public' || rule.use === 'deny') {
    if (rule.require !== undefined) {
      const problem = `require needs an instance that checks it; use: ${rule.use} checks nothing`;
      found.push({ ...errorAt(['rules', index, 'require'], problem, 'name an instance in use'), at: 'key' });
    }
    return rule.use === 'deny'
      ? { kind: 'deny' }
      : { kind: 'public', keepsAuthorization: rule.keepAuthorization ?? false };
  }
  const instance = sections.modes.get(rule.use);
  if (instance?.definition.guardsRequests === false) {
    const problem = `an instance of mode ${instance.definition.name} protects nothing by itself`;
    found.push(errorAt(['rules', index, 'use'], problem, 'name public, deny or an instance of another mode'));
    return undefined;
  }
  if (instance !== undefined) {
    return {
      kind: 'mode',
      instance: rule.use,
      requirements: parseRequirements(rule.require, index, instance, found),
    };
  }
  // An instance that is there but wrong has its own errors.
  if (!sections.declared.modes.includes(rule.use)) {
    const known = ['public', 'deny', ...sections.declared.modes];
    found.push(
      errorAt(['rules', index, 'use'], 'there is no instance of this name under modes', suggestName(rule.use, known)),
    );
  }
  return undefined;
}

function parseRequirements(
  value: unknown,
  index: number,
  { definition, settings }: Instance,
  found: Finding[],
): unknown {
  const schema = definition.requirementsFor?.(settings) ?? definition.requirements;
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const context = {
    path: ['rules', index, 'require'],
    value,
    jsonSchema: () => z.toJSONSchema(schema, { io: 'input' }),
  };
  found.push(...result.error.issues.flatMap((issue) => explainIssue(issue, context)));
  return undefined;
}
