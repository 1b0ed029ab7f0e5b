import { describe, expect, it } from 'vitest';
import { fixedClock } from '../../../test/support/fixed-clock.ts';
import { Secret } from '../../core/secret.ts';
import { type DocumentStore, StoreUnavailableError } from '../../ports/store.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { newKeyRing } from '../node-crypto/new-key-ring.ts';
import { createSealer } from '../node-crypto/sealer.ts';
import { systemRandom } from '../system/random.ts';
import { recordsOf } from './records.ts';
import { readSigningKeys } from './signing-keys.ts';
import { StoreOutage } from './store-outage.ts';

const clock = fixedClock();
const now = clock.now();

function services(change: (documents: DocumentStore) => DocumentStore = (documents) => documents) {
  const { documents, once } = createMemoryStore({ clock });
  const sealer = createSealer(newKeyRing(systemRandom, now), systemRandom);
  return { documents: change(documents), once, sealer, clock };
}

describe('the records of the issuer', () => {
  it('come back as they were, by id, and sessions by uid', async () => {
    const records = recordsOf('idp', services());
    await records('Session').upsert('id', { uid: 'uid', accountId: 'alice' }, 60);
    expect(await records('Session').find('id')).toEqual({ uid: 'uid', accountId: 'alice' });
    expect(await records('Session').findByUid('uid')).toEqual({ uid: 'uid', accountId: 'alice' });
    await records('Session').destroy('id');
    expect(await records('Session').findByUid('uid')).toBeUndefined();
  });

  it('are of one model and one instance only', async () => {
    const shared = services();
    await recordsOf('idp', shared)('AccessToken').upsert('id', { grantId: 'g' }, 60);
    expect(await recordsOf('idp', shared)('RefreshToken').find('id')).toBeUndefined();
    expect(await recordsOf('other', shared)('AccessToken').find('id')).toBeUndefined();
    await recordsOf('other', shared)('AccessToken').revokeByGrantId('g');
    expect(await recordsOf('idp', shared)('AccessToken').find('id')).toBeDefined();
  });

  it('do not open under another name (S6)', async () => {
    const values: Uint8Array[] = [];
    const shared = services((documents) => ({
      ...documents,
      put: (key, document) => {
        values.push(document.value);
        return documents.put(key, { ...document, value: values[0] ?? document.value });
      },
    }));
    const records = recordsOf('idp', shared)('AccessToken');
    await records.upsert('one', { accountId: 'alice' }, 60);
    await records.upsert('two', { accountId: 'bob' }, 60);
    expect(await records.find('one')).toEqual({ accountId: 'alice' });
    expect(await records.find('two')).toBeUndefined();
  });

  it('are consumed once; the second one ends the grant with all that came of it (RFC 6749 §4.1.2)', async () => {
    const records = recordsOf('idp', services());
    await records('Grant').upsert('g', { accountId: 'alice' }, 60);
    await records('AuthorizationCode').upsert('code', { grantId: 'g' }, 60);
    await records('AccessToken').upsert('token', { grantId: 'g' }, 60);
    await records('AuthorizationCode').consume('code');
    expect(await records('AuthorizationCode').find('code')).toEqual({ grantId: 'g', consumed: now });
    await expect(records('AuthorizationCode').consume('code')).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await records('Grant').find('g')).toBeUndefined();
    expect(await records('AccessToken').find('token')).toBeUndefined();
  });

  it('keep the grant when only its tokens are revoked', async () => {
    const records = recordsOf('idp', services());
    await records('Grant').upsert('g', { accountId: 'alice' }, 60);
    await records('RefreshToken').upsert('token', { grantId: 'g' }, 60);
    await records('RefreshToken').revokeByGrantId('g');
    expect(await records('RefreshToken').find('token')).toBeUndefined();
    expect(await records('Grant').find('g')).toBeDefined();
  });

  it('let a pushed request through once (RFC 9126 §4) and a proof once (RFC 9449 §11.1)', async () => {
    const records = recordsOf('idp', services());
    await records('PushedAuthorizationRequest').upsert('par', {}, 60);
    await records('PushedAuthorizationRequest').consume('par');
    await expect(records('PushedAuthorizationRequest').consume('par')).rejects.toMatchObject({
      error: 'invalid_request_uri',
    });
    const proofs = await Promise.allSettled([1, 2, 3].map(() => records('ReplayDetection').upsert('jti', {}, 60)));
    expect(proofs.map((proof) => proof.status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('cost no look-up for a client id of a stranger', async () => {
    const refuse = async (): Promise<never> => {
      throw new Error('asked the store');
    };
    const records = recordsOf(
      'idp',
      services((documents) => ({ ...documents, find: refuse })),
    );
    expect(await records('Client').find('stranger')).toBeUndefined();
  });

  it('tell the engine about an outage in its own terms: 503, never redirected (I4)', async () => {
    const outage = new StoreUnavailableError('find');
    const fail = async (): Promise<never> => {
      throw outage;
    };
    const records = recordsOf(
      'idp',
      services((documents) => ({ ...documents, find: fail })),
    );
    const error: unknown = await records('Session')
      .find('id')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreOutage);
    expect(error).toMatchObject({ statusCode: 503, allow_redirect: false, error: 'temporarily_unavailable', outage });
  });
});

describe('signing keys', () => {
  it.each([
    'canary',
    '{"keys":[]}',
    '{"keys":[{"kty":"oct","k":"canary"}]}',
    '{"keys":[{"kty":"EC","crv":"P-256","x":"canary","y":"canary"}]}',
    '[]',
    'null',
  ])('are refused without a word of their content: %s (G7)', (text) => {
    const read = () => readSigningKeys('idp', new Secret(text));
    expect(read).toThrow(/^signingKeys of idp: expected a private JWK Set/);
    expect(read).not.toThrow(/canary/);
  });
});
