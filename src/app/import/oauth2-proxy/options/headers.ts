import { none, to, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

export const headerOptions: readonly Option[] = [
  {
    flag: 'basic-auth-password',
    kind: 'text',
    isSecret: true,
    outcome: none('no Basic credentials are made for workloads; let them read the identity headers'),
  },
  {
    flag: 'set-xauthrequest',
    kind: 'boolean',
    outcome: to('modes.web.headers: X-Auth-Request-*, on the request to the workload'),
  },
  {
    flag: 'set-authorization-header',
    kind: 'boolean',
    outcome: none('the ID token is never sent to workloads; let them verify the access token (forwardAccessToken)'),
  },
  {
    flag: 'set-basic-auth',
    kind: 'boolean',
    outcome: none('no Basic credentials are made for workloads; let them read the identity headers'),
  },
  {
    flag: 'skip-auth-strip-headers',
    kind: 'boolean',
    standard: 'true',
    outcome: unneeded('what clients say in identity headers is always taken off, on public paths as well'),
  },
  {
    flag: 'pass-access-token',
    kind: 'boolean',
    outcome: to('modes.web.forwardAccessToken: as `Authorization: Bearer`, not as X-Forwarded-Access-Token'),
  },
  {
    flag: 'pass-authorization-header',
    kind: 'boolean',
    outcome: none('the ID token is never sent to workloads; let them verify the access token (forwardAccessToken)'),
  },
  {
    flag: 'pass-basic-auth',
    kind: 'boolean',
    standard: 'true',
    outcome: to('modes.web.headers: X-Forwarded-*; without the Basic credentials'),
  },
  {
    flag: 'prefer-email-to-user',
    kind: 'boolean',
    outcome: to('modes.web.headers: X-Forwarded-User carries the e-mail address'),
  },
  {
    flag: 'pass-user-headers',
    kind: 'boolean',
    standard: 'true',
    outcome: to('modes.web.headers: X-Forwarded-User, -Email, -Groups and -Preferred-Username'),
  },
];
