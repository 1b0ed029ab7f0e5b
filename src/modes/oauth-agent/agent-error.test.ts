import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../test/support/tools.ts';
import { type AgentErrorName, agentError, agentErrors, codeOf, refusedPage } from './agent-error.ts';

const names = Object.keys(agentErrors) as AgentErrorName[]; // as the table has them

/** Statuses and codes of the rows of the table of errors. */
function rows(): readonly { readonly statuses: readonly string[]; readonly codes: readonly string[] }[] {
  const [, section = ''] = readFileSync(join(root, 'docs/oauth-agent.md'), 'utf8').split('\n## Errors\n');
  return (section.split('\n## ')[0] ?? '').split('\n').flatMap((line) => {
    const [, statuses, codes] = /^\| ([\d, ]+) \| ([^|]+) \|/.exec(line) ?? [];
    return statuses === undefined || codes === undefined
      ? []
      : [{ statuses: statuses.split(', '), codes: [...codes.matchAll(/`(\w+)`/g)].map(([, code = '']) => code) }];
  });
}

describe('the errors of an agent', () => {
  it.each(names)('%s is in the table of docs/oauth-agent.md, with its status', (name) => {
    const status = String(agentErrors[name].status);
    const found = rows().filter(({ statuses, codes }) => statuses.includes(status) && codes.includes(codeOf(name)));
    expect(found).toHaveLength(1);
  });

  it('are told to applications by status and code', () => {
    for (const name of names) {
      const { status, body } = agentError(name, 'Why.');
      expect([status, JSON.parse(body)]).toEqual([agentErrors[name].status, { code: codeOf(name), message: 'Why.' }]);
    }
  });

  it('have one code for pages that may not ask, whatever the reason; 403 for other sites (B8)', () => {
    for (const [refusal, status] of [
      ['cross_site', 403],
      ['origin_missing', 401],
      ['origin_repeated', 401],
      ['origin_not_trusted', 401],
    ] as const) {
      const reply = refusedPage(refusal);
      expect([reply.status, JSON.parse(reply.body).code]).toEqual([status, 'unauthorized_request']);
    }
  });
});
