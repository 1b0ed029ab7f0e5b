import { describe, expect, it } from 'vitest';
import type { ModeDefinition } from '../../../modes/mode.ts';
import { oauthAgentMode } from '../../../modes/oauth-agent/index.ts';
import { sessionMode } from '../../../modes/session/index.ts';
import type { Sections } from '../sections.ts';
import { checkInstances } from './instances.ts';

/** A session instance `web` and an agent `spa`, with what a test says of each. */
function pathsOf(web: object, spa: object): readonly string[] {
  const instanceOf = (definition: ModeDefinition, settings: object) => ({
    definition,
    settings: definition.settings.parse({ provider: 'corp', ...settings }),
  });
  const sections: Pick<Sections, 'origins' | 'modes' | 'declared'> = {
    origins: [],
    modes: new Map([
      ['web', instanceOf(sessionMode, web)],
      ['spa', instanceOf(oauthAgentMode, { redirectUri: 'https://app.example.com/', ...spa })],
    ]),
    declared: { top: [], providers: ['corp'], modes: ['web', 'spa'] },
  };
  return checkInstances(sections).map(({ path, suggestion }) => `${path.join('.')}: ${suggestion}`);
}

describe('a session instance and an agent beside each other (S8)', () => {
  it('have cookies and paths of their own by default', () => {
    expect(pathsOf({}, {})).toEqual([]);
    expect(pathsOf({ cookie: { name: 'examples' } }, {})).toEqual([]);
  });

  it.each([
    ['example', 'example', 'both have example-login'],
    ['example-at', 'example', 'the access token is in example-at'],
    ['example-csrf', 'example', 'the CSRF token is in example-csrf'],
    ['a', 'a-login', 'they would have a-login and a-login-at'],
  ])('with the cookie names %s and %s are refused: %s', (name, prefix) => {
    for (const more of [{}, { hostOnly: true }, { insecureHttp: true }]) {
      expect(pathsOf({ cookie: { name } }, { cookie: { prefix, ...more } })).toEqual([
        'modes.spa.cookie.prefix: give each instance a cookie prefix of its own',
      ]);
    }
  });

  it.each([
    ['/_auth', '/_auth'],
    ['/_auth', '/_auth/agent'],
    ['/agent/pages', '/agent'],
  ])('with the base paths %s and %s are refused', (one, other) => {
    expect(pathsOf({ basePath: one }, { basePath: other })).toEqual([
      'modes.spa.basePath: give each instance a base path of its own',
    ]);
  });
});
