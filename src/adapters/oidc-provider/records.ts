import { createHash } from 'node:crypto';
import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import { after, secondsOf } from '../../core/time.ts';
import type { IssuerEngineServices } from '../../ports/issuer-engine.ts';
import { type DocumentKey, type FoundDocument, StoreUnavailableError } from '../../ports/store.ts';
import { StoreOutage } from './store-outage.ts';

/** Ports that the engine's records need. */
export type RecordServices = Pick<IssuerEngineServices, 'documents' | 'once' | 'sealer' | 'clock'>;

/** Models whose records belong to a grant and go with it. The grant itself is deleted by name. */
const grantable: ReadonlySet<string> = new Set(['AuthorizationCode', 'AccessToken', 'RefreshToken']);

/**
 * The storage of oidc-provider on our document store. Ids become SHA-256 names (they carry 256 random bits, so
 * that no key is needed), values are sealed and bound to their name: a copy of the store holds no code, token or
 * cookie, and a value moved to another name does not open.
 */
export function recordsOf(instance: string, services: RecordServices): AdapterFactory {
  return (model) => (model === 'Client' ? noRecords : records(instance, model, services));
}

/** Clients come from the configuration; unknown ids of strangers cost no look-up. */
const noRecords: Adapter = {
  upsert: async () => undefined,
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
};

function records(instance: string, model: string, services: RecordServices): Adapter {
  const { documents, once, sealer, clock } = services;
  const nameOf = (kind: string, id: string): string => hash(JSON.stringify([instance, kind, id]));
  const keyOf = (id: string): DocumentKey => ({ kind: model, id: nameOf(model, id) });
  const contextOf = (name: string): string => `${model} ${name}`;
  const groupOf = (grantId: string): string => nameOf('grant', grantId);

  function payloadOf(found: FoundDocument | undefined): AdapterPayload | undefined {
    if (found === undefined) return undefined;
    const opened = sealer.openBytes('issuer-record', found.value, contextOf(found.id));
    if (opened === undefined) return undefined;
    // The seal says that we wrote it: `upsert` sealed an AdapterPayload.
    const payload = JSON.parse(Buffer.from(opened).toString()) as AdapterPayload;
    return found.consumedAt === undefined ? payload : { ...payload, consumed: found.consumedAt };
  }

  async function put(id: string, payload: AdapterPayload, expiresIn: number | undefined): Promise<void> {
    const endsAt = expiresIn === undefined ? undefined : after(clock.now(), secondsOf(expiresIn));
    // A proof or assertion may be seen once: of two that arrive together the store lets one through.
    if (model === 'ReplayDetection' && endsAt !== undefined && !(await once.take(keyOf(id).id, endsAt))) {
      throw new errors.InvalidRequest('the proof was already used');
    }
    const key = keyOf(id);
    const grantId = grantable.has(model) ? payload.grantId : undefined;
    await documents.put(key, {
      value: sealer.sealBytes('issuer-record', Buffer.from(JSON.stringify(payload)), contextOf(key.id)),
      endsAt,
      group: grantId === undefined ? undefined : groupOf(grantId),
      alias: model === 'Session' && payload.uid !== undefined ? nameOf('uid', payload.uid) : undefined,
    });
  }

  async function consume(id: string): Promise<void> {
    if (await documents.consume(keyOf(id), clock.now())) return;
    // Somebody else was first, so that two hold the same code or refresh token: nobody keeps what came of it
    // (RFC 6749 §4.1.2, RFC 9700 §4.14.2). Without the grant, a token that is being issued right now is dead too.
    const grantId = payloadOf(await documents.find(keyOf(id)))?.grantId;
    if (grantId !== undefined) {
      await documents.delete({ kind: 'Grant', id: nameOf('Grant', grantId) });
      await documents.deleteGroup(groupOf(grantId));
    }
    throw model === 'PushedAuthorizationRequest'
      ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
      : new errors.InvalidGrant({ detail: `${model} used twice at the same time` });
  }

  return {
    upsert: (id, payload, expiresIn) => carriedOut(put(id, payload, expiresIn)),
    find: (id) => carriedOut(documents.find(keyOf(id)).then(payloadOf)),
    findByUid: (uid) => carriedOut(documents.findByAlias(model, nameOf('uid', uid)).then(payloadOf)),
    findByUserCode: async () => undefined,
    consume: (id) => carriedOut(consume(id)),
    destroy: (id) => carriedOut(documents.delete(keyOf(id))),
    revokeByGrantId: (grantId) => carriedOut(documents.deleteGroup(groupOf(grantId))),
  };
}

/** The engine answers 503 to a store that is down, instead of a 500 of its own. */
async function carriedOut<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw error instanceof StoreUnavailableError ? new StoreOutage(error) : error;
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
