import { problemOfSharedKey } from '../../../adapters/node-crypto/shared-key.ts';
import { oauthAgentMode } from '../../../modes/oauth-agent/index.ts';
import type { OauthAgentSettings } from '../../../modes/oauth-agent/settings.ts';
import { errorAt, type Finding, formatPath } from '../finding.ts';
import type { Sections } from '../sections.ts';

/** Refuses keys of cookies that would not protect anything. */
export function checkSharedKeys({ modes }: Pick<Sections, 'modes'>, found: readonly Finding[]): readonly Finding[] {
  return [...modes].flatMap(([name, { definition, settings }]) => {
    if (definition !== oauthAgentMode) return [];
    const { version1 } = settings as OauthAgentSettings; // what the schema of this definition made
    const path = ['modes', name, 'version1', 'key'];
    // A key that could not be read has an error of its own.
    const isRead = !found.some((other) => formatPath(other.path).startsWith(formatPath(path)));
    const problem = version1 && isRead ? problemOfSharedKey(version1.key.reveal()) : undefined;
    return problem === undefined ? [] : [errorAt(path, problem, 'make one: openssl rand -hex 32')];
  });
}
