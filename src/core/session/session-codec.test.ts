import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyJson, anyText, bytesOrJson } from '../../../test/support/arbitraries.ts';
import { sessionAt, tokenSetAt } from '../../../test/support/session.ts';
import { Secret } from '../secret.ts';
import { epochMillisecondsOf, epochSecondsOf } from '../time.ts';
import type { Session } from './session.ts';
import { decodeSession, encodeSession } from './session-codec.ts';

const now = 1_767_225_600;

/** Secrets are compared by what they hold: a matcher sees nothing in them. */
function revealed(session: Session | undefined) {
  const { accessToken, refreshToken, idToken, ...tokenSet } = session?.tokenSet ?? tokenSetAt(0);
  return {
    ...session,
    tokenSet: { ...tokenSet, secrets: [accessToken.reveal(), refreshToken?.reveal(), idToken?.reveal()] },
  };
}

describe('the stored form of a session', () => {
  it('round-trips a session with everything', () => {
    const session = sessionAt(now, { healedAt: epochSecondsOf(now + 60) });
    expect(revealed(decodeSession(encodeSession(session)))).toEqual(revealed(session));
  });

  it('keeps the millisecond in which the token came: heals are told apart by it', () => {
    const obtainedAt = epochMillisecondsOf(now * 1000 + 123);
    const session = sessionAt(now, { tokenSet: tokenSetAt(now, { obtainedAt }) });
    expect(decodeSession(encodeSession(session))?.tokenSet.obtainedAt).toBe(obtainedAt);
  });

  it('round-trips a session with the least', () => {
    const session = sessionAt(now, {
      providerSessionId: undefined,
      claims: new Map(),
      tokenSet: tokenSetAt(now, {
        expiresAt: undefined,
        refreshToken: undefined,
        idToken: undefined,
        scope: undefined,
      }),
    });
    expect(revealed(decodeSession(encodeSession(session)))).toEqual(revealed(session));
  });

  it('round-trips any claims, those named like members of Object.prototype included (T11)', () => {
    const name = fc.oneof(anyText(), fc.constantFrom('__proto__', 'constructor', 'toString'));
    const claims = fc.array(fc.tuple(name, anyJson)).map((pairs) => new Map(pairs));
    const texts = anyText();
    fc.assert(
      fc.property(claims, texts, texts, fc.option(fc.nat(), { nil: undefined }), (values, subject, token, expires) => {
        const session = sessionAt(now, {
          subject,
          claims: values,
          tokenSet: tokenSetAt(now, {
            accessToken: new Secret(token),
            expiresAt: expires === undefined ? undefined : epochSecondsOf(expires),
          }),
        });
        expect(revealed(decodeSession(encodeSession(session)))).toEqual(revealed(session));
      }),
    );
  });

  const good = JSON.parse(new TextDecoder().decode(encodeSession(sessionAt(now)))) as Record<string, unknown>;
  const decodeJson = (value: unknown) => decodeSession(new TextEncoder().encode(JSON.stringify(value)));

  it('is read from its own JSON: the cases below differ in one member only', () => {
    expect(revealed(decodeJson(good))).toEqual(revealed(sessionAt(now)));
  });

  it.each(['v', 'instance', 'provider', 'sub', 'claims', 'at', 'obtained', 'created', 'ends'])(
    'is no session without %s (I6)',
    (member) => {
      const { [member]: _gone, ...rest } = good;
      expect(decodeJson(rest)).toBeUndefined();
    },
  );

  it.each([
    ['v', 1],
    ['v', 3],
    ['v', '2'],
    ['instance', 1],
    ['provider', null],
    ['sub', ['alice']],
    ['sid', 7],
    ['claims', {}],
    ['claims', 'x'],
    ['claims', [['a', 1], 'b']],
    ['claims', [['a']]],
    ['claims', [['a', 1, 2]]],
    ['claims', [[1, 'a']]],
    ['at', null],
    ['obtained', '1'],
    ['expires', null],
    ['expires', '1'],
    ['expires', 1.5],
    ['expires', 1e300],
    ['rt', 5],
    ['idt', {}],
    ['scope', ['openid']],
    ['created', true],
    ['ends', null],
    ['ends', 1e300],
    ['healed', null],
    ['healed', '1'],
    ['healed', 1.5],
  ])('is no session with %s = %j: an end that cannot be read is not no end (I6)', (member, value) => {
    expect(decodeJson({ ...good, [member]: value })).toBeUndefined();
  });

  it.each(['', 'null', '[]', '1', '"x"', '{', '\0', '{"v":1}', '{"v":2}'])('is no session in %j (I6)', (text) => {
    expect(decodeSession(new TextEncoder().encode(text))).toBeUndefined();
  });

  it('is no session in any other bytes, and reading them throws nothing (I6)', () => {
    fc.assert(
      fc.property(bytesOrJson, (bytes) => {
        expect(decodeSession(bytes)).toBeUndefined();
      }),
    );
  });

  it('is no session when it is cut short anywhere (I6)', () => {
    const whole = encodeSession(sessionAt(now));
    for (let length = 0; length < whole.length; length += 1) {
      expect(decodeSession(whole.subarray(0, length))).toBeUndefined();
    }
  });

  it('is no session in bytes that are not UTF-8 (I6)', () => {
    const bytes = encodeSession(sessionAt(now, { subject: 'alice' }));
    const at = new TextDecoder().decode(bytes).indexOf('alice');
    expect(decodeSession(bytes.with(at, 0xff))).toBeUndefined();
  });
});
