import { errorAt, type Finding, warningAt } from '../finding.ts';
import type { Sections } from '../sections.ts';

/** Refuses two rules of one name: logs could not tell them apart. */
export function checkRuleNames({ rules }: Sections): readonly Finding[] {
  return rules.flatMap(({ index, value }) => {
    const twin = rules.find(
      (other) => other.index < index && value.name !== undefined && other.value.name === value.name,
    );
    return twin === undefined ? [] : [errorAt(['rules', index, 'name'], `rules[${twin.index}] has the same name`)];
  });
}

/** Warns of rules for the base path of an instance, or for what is below it: Envoy asks nobody about those. */
export function checkRulePaths({ rules, modes }: Sections): readonly Finding[] {
  const bases = [...modes].flatMap(([name, { definition, settings }]) => {
    const { basePath } = definition.common(settings);
    return basePath === undefined ? [] : [{ name, basePath }];
  });
  return rules.flatMap(({ index, value: { path } }) => {
    const start = path?.exact ?? path?.prefix;
    const base = bases.find(({ basePath }) => start === basePath || start?.startsWith(`${basePath}/`) === true);
    if (base === undefined) return [];
    const problem = `this rule never applies: modes.${base.name} answers at its base path and below, whatever rules say`;
    return [warningAt(['rules', index, 'path'], problem, 'remove the rule, or move the base path of the instance')];
  });
}

/** Warns of conditions and exceptions that no request can meet. */
export function checkRuleConditions({ rules, envoy }: Sections): readonly Finding[] {
  return rules.flatMap(({ index, value: { path, tolerate, context } }) => {
    const findings: Finding[] = [];
    const isPathTolerated = tolerate?.encodedSlashes || tolerate?.semicolons || tolerate?.emptySegments;
    if (path?.exact !== undefined && isPathTolerated) {
      const problem = 'tolerating changes nothing here: a path that can be read in two ways is never this one path';
      findings.push(warningAt(['rules', index, 'tolerate'], problem, 'use path.prefix'));
    }
    if (context !== undefined && envoy !== undefined) {
      const problem =
        'this rule never applies behind the Envoy that `sallyport envoy` makes: its routes set no context';
      findings.push(warningAt(['rules', index, 'context'], problem, 'set context_extensions on routes of your own'));
    }
    return findings;
  });
}
