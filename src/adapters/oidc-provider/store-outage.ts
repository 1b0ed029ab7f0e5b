import { errors } from 'oidc-provider';
import type { StoreUnavailableError } from '../../ports/store.ts';

/** A store failure in the engine's own terms: 503, told to the client directly, never by a redirect. */
export class StoreOutage extends errors.OIDCProviderError {
  readonly outage: StoreUnavailableError;

  constructor(outage: StoreUnavailableError) {
    super(503, 'temporarily_unavailable', { cause: outage });
    this.outage = outage;
    this.error_description = 'the authorization server cannot answer right now, please try again';
    this.expose = true;
    this.allow_redirect = false;
  }
}
