import { errorAt, type Finding } from '../finding.ts';
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
