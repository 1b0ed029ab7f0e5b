import { expect, it } from 'vitest';
import { codeChallengeOf } from './pkce.ts';

it('computes the code_challenge of the example (RFC 7636 appendix B)', () => {
  expect(codeChallengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  );
});
