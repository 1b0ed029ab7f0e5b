import { describe, expect, it } from 'vitest';
import { bystanderMode, gateMode } from '../../../../test/support/config-text.ts';
import { Secret } from '../../../core/secret.ts';
import { defineMode } from '../../../modes/mode.ts';
import { SecretReference } from '../../../modes/settings-types.ts';
import type { SettingsFinding, Surroundings } from '../../../modes/surroundings.ts';
import { errorAt, warningAt } from '../finding.ts';
import type { Instance } from '../sections.ts';
import { checkModeSettings } from './mode-settings.ts';

type Rules = Parameters<typeof checkModeSettings>[0]['rules'];

const [app, api, wide] = ['https://app.example.com', 'https://api.example.com:8443', 'https://*.example.org'];
const key = '00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978';

/** What an instance `web` is told of what is around it, and what becomes of what it says to that. */
function check({
  rules = [],
  findings = [],
  found = [],
}: {
  readonly rules?: Rules;
  readonly findings?: readonly SettingsFinding[];
  readonly found?: Parameters<typeof checkModeSettings>[1];
}) {
  const seen: Surroundings[] = [];
  const looking = defineMode({
    ...gateMode,
    check(_settings, surroundings) {
      seen.push(surroundings);
      return findings;
    },
  });
  const modes = new Map<string, Instance>([
    ['web', { definition: looking, settings: gateMode.settings.parse({}) }],
    ['other', { definition: bystanderMode, settings: {} }],
  ]);
  const origins = [app, api, wide].map((value, index) => ({ index, value }));
  const results = checkModeSettings({ origins, providers: new Map(), modes, rules }, found);
  const [surroundings] = seen;
  if (surroundings === undefined) throw new Error('nobody was asked');
  return { results, surroundings };
}

const rule = (index: number, use: string, hosts?: string[]): Rules[number] => ({
  index,
  value: { use, ...(hosts === undefined ? {} : { hosts }) },
});

describe('what a mode says of an instance', () => {
  it('is said at the place of the instance, as it meant it', () => {
    const { results } = check({
      findings: [
        { kind: 'error', path: ['cookie', 'name'], problem: 'wrong', fix: 'change it' },
        { kind: 'warning', path: [], problem: 'doubtful', fix: 'think' },
      ],
    });
    expect(results).toEqual([
      errorAt(['modes', 'web', 'cookie', 'name'], 'wrong', 'change it'),
      warningAt(['modes', 'web'], 'doubtful', 'think'),
    ]);
  });

  it('goes by the origins that its rules name, or by all of them', () => {
    const guarded = (...rules: Rules) => check({ rules }).surroundings.guardedOrigins;
    expect(guarded()).toEqual([app, api, wide]);
    expect(guarded(rule(0, 'other', ['app.example.com']))).toEqual([app, api, wide]);
    const two = rule(1, 'web', ['api.example.com:8443', '*.example.org']);
    expect(guarded(rule(0, 'public'), two)).toEqual([api, wide]);
    expect(guarded(two, rule(2, 'web'))).toEqual([app, api, wide]);
    expect(check({ rules: [two] }).surroundings).toMatchObject({
      origins: [app, api, wide],
      basePaths: new Map([['web', '/_gate']]),
    });
  });

  it('does not go by origins of which one is wrong, which has an error of its own', () => {
    const { surroundings } = check({ found: [errorAt(['origins', 3], 'expected scheme://host[:port]')] });
    expect([surroundings.origins, surroundings.guardedOrigins]).toEqual([[], []]);
  });

  it('can be about a shared key that was read; one that was not has an error of its own, or is not looked at', () => {
    const { problemOfSharedKey } = check({}).surroundings;
    expect(problemOfSharedKey(new Secret('0'.repeat(64)))).toBe('weak key, too few different bytes');
    expect(problemOfSharedKey(new Secret(key))).toBeUndefined();
    expect(problemOfSharedKey(new Secret(''))).toBeUndefined();
    expect(problemOfSharedKey(new SecretReference({ kind: 'env', name: 'KEY' }))).toBeUndefined();
  });
});
