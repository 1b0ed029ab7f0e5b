import { describe, expect, it } from 'vitest';
import { tryImport } from '../../../../test/support/imported.ts';

const basic = ['--client-id=app', '--client-secret=canary', '--email-domain=example.com'];
const site = '--redirect-url=https://app.example.com/oauth2/callback';

describe('what cannot be translated is an error that says what to do', () => {
  it.each([
    [['--client-secret=canary'], '--client-id', 'add --env-file or --env, or -- --client-id=…'],
    [
      ['--client-id=a', '--email-domain=x'],
      '--redirect-url',
      'name your sites: --origin https://app.example.com (before the --)',
    ],
    [['--client-id=a', site], '--email-domain', 'add -- --email-domain=example.com, or --email-domain=* for everybody'],
    [[...basic, site, '--provider=gogle'], '--provider', 'did you mean google?'],
    [[...basic, site, '--provider=bitbucket'], '--provider', expect.stringContaining('Dex')],
    [[...basic, site, '--provider=oidc'], '--oidc-issuer-url', expect.stringContaining('as the provider writes it')],
    [[...basic, site, '--provider=entra-id'], '--entra-id-allowed-tenant', expect.stringContaining('tenant id')],
    [[...basic, site, '--cookie-samesite=strict'], '--cookie-samesite', 'to accept it add -- --cookie-samesite=lax'],
    [[...basic, site, '--session-store-type=http'], '--session-store-type', expect.anything()],
    [
      [...basic, site, '--session-store-type=redis', '--redis-connection-url=unix:///r'],
      '--redis-connection-url',
      undefined,
    ],
    [[...basic, site, '--skip-auth-route=^/(a'], '--skip-auth-route', undefined],
    [[...basic, site, '--upstream=ftp://x'], '--upstream', undefined],
    [[...basic, site, '--auth-request-response-mode=fragment'], '--auth-request-response-mode', expect.anything()],
  ])('%j', (flags, subject, suggestion) => {
    const result = tryImport({ flags });
    if (result.kind === 'done') throw new Error('there is a result');
    expect(result.problems).toContainEqual({ subject, problem: expect.any(String), suggestion });
    expect(JSON.stringify(result.problems)).not.toContain('canary');
  });

  it('takes no option beside an alpha configuration that belongs into it', () => {
    const result = tryImport({ flags: ['--client-id=a'], alpha: 'providers: [{clientID: b}]' });
    expect(result).toMatchObject({
      problems: [{ subject: '--client-id', suggestion: expect.stringContaining('remove it') }],
    });
  });

  it('names unknown fields of an alpha configuration, and variables that are not known', () => {
    const alpha = `providers: [{clientId: a, oidcConfig: {issuerURL: "\${ISSUER}"}}]\nupstream: []`;
    const result = tryImport({ alpha });
    expect(result).toMatchObject({
      problems: [
        { subject: 'clientId', suggestion: 'did you mean clientID?' },
        { subject: 'oidcConfig.issuerURL', problem: 'the variable ISSUER is not known here' },
        { subject: 'upstream', suggestion: 'did you mean upstreams?' },
      ],
    });
  });

  it('names a file that cannot be read', () => {
    expect(tryImport({ file: '/none', origins: ['app.example.com'] })).toMatchObject({
      problems: [{ subject: '/none' }, { subject: '--origin' }],
    });
  });
});
