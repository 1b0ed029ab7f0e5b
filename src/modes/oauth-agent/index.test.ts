import { expect, it } from 'vitest';
import { agentStates } from '../../../test/support/agent-states.ts';
import { oauthAgentMode } from './index.ts';
import { oauthAgentSettings } from './settings.ts';

const instanceWith = (settings: object) =>
  oauthAgentMode.create(
    'spa',
    oauthAgentSettings.parse({ provider: 'idp', redirectUri: 'https://app.example.com/callback', ...settings }),
    agentStates().services,
  );

it('takes its cookies off requests, also those that a browser has kept from before hostOnly (H14)', () => {
  expect(new Set(instanceWith({}).ownCookies)).toEqual(
    new Set(['at', 'csrf', 'login'].flatMap((purpose) => [`__Host-example-${purpose}`, `example-${purpose}`])),
  );
  expect(instanceWith({ cookie: { hostOnly: false } }).ownCookies).toEqual([
    'example-at',
    'example-csrf',
    'example-login',
  ]);
});

it('lets no CSRF header reach a workload', () => {
  expect(instanceWith({ cookie: { prefix: 'shop' } }).identityHeaders).toEqual(['x-shop-csrf']);
});
