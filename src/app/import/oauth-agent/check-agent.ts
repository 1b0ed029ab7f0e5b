import { modes } from '../../../modes/index.ts';
import { checkModeSettings } from '../../config/checks/mode-settings.ts';
import { parseSections } from '../../config/sections.ts';
import type { Remark } from '../findings.ts';
import type { Problem } from '../problem.ts';
import type { VariableName } from './variables.ts';
import { inVariables } from './words.ts';

/**
 * What `sallyport check` will say of the agent that is made, in variables: none of them is wrong by itself, and together
 * they do not work. `originsFrom`: the variable that says where browsers reach the APIs.
 */
export function checkAgent(
  document: Readonly<Record<string, unknown>>,
  originsFrom: VariableName,
): { readonly problems: readonly Problem[]; readonly remarks: readonly Remark[] } {
  const { sections, findings } = parseSections(document, modes);
  const told = checkModeSettings(sections, findings).map((finding) => ({
    ...inVariables(finding, { origins: originsFrom, http: 'PORT' }),
    severity: finding.severity,
  }));
  return {
    problems: told
      .filter(({ severity }) => severity === 'error')
      .map(({ variable, problem, suggestion }) => ({ subject: variable, problem, suggestion })),
    remarks: told
      .filter(({ severity }) => severity === 'warning')
      .map(({ variable, problem, suggestion }) => ({
        kind: 'decide',
        options: [variable],
        text: suggestion === undefined ? problem : `${problem} (${suggestion})`,
      })),
  };
}
