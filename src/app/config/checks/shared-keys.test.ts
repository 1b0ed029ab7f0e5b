import { expect, it } from 'vitest';
import { Secret } from '../../../core/secret.ts';
import { oauthAgentMode } from '../../../modes/oauth-agent/index.ts';
import { errorAt } from '../finding.ts';
import { checkSharedKeys } from './shared-keys.ts';

const path = ['modes', 'spa', 'version1', 'key'];

const agentWith = (key: string) => {
  const settings = { version1: { key: new Secret(key), write: true } };
  return { modes: new Map([['spa', { definition: oauthAgentMode, settings }]]) };
};

it('refuses a key of cookies that protects nothing, at its place', () => {
  expect(checkSharedKeys(agentWith('0'.repeat(64)), [])).toEqual([
    errorAt(path, 'weak key, too few different bytes', 'make one: openssl rand -hex 32'),
  ]);
});

it('has nothing to say of a key that could not be read, which has an error of its own', () => {
  expect(checkSharedKeys(agentWith(''), [errorAt([...path, 'env'], 'this environment variable is not set')])).toEqual(
    [],
  );
});
