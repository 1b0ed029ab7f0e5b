import { backChannelLogout, frontChannelLogout, type LogoutReceiver } from '../../flows/provider-logout.ts';
import type { Endpoint } from './endpoint.ts';
import { formTextOf } from './read-body.ts';
import type { AgentRuntime } from './runtime.ts';

/**
 * What a provider calls when a login is over there: its server, or a frame in its page. What they say shows whose session
 * is meant, and no cookie, origin or CSRF token of ours comes with it. Sessions that only browsers hold cannot be ended
 * by anybody else. Not in the OpenAPI document, which is for applications: OpenID Connect describes these, with errors of
 * its own form.
 */
export function providerEndpoints({ settings }: Pick<AgentRuntime, 'settings'>): readonly Endpoint[] {
  return settings.state === 'sealed' ? [] : [backChannel, frontChannel];
}

const backChannel: Endpoint = {
  name: 'backChannelLogout',
  method: 'POST',
  askedBy: 'provider',
  answerTo: ({ request, body }, runtime) => backChannelLogout(formTextOf(request, body), receiverOf(runtime)),
};

const frontChannel: Endpoint = {
  name: 'frontChannelLogout',
  method: 'GET',
  askedBy: 'provider',
  answerTo: ({ request, origin }, runtime) => frontChannelLogout(request, origin, receiverOf(runtime)),
};

function receiverOf({ instance, provider, services }: AgentRuntime): LogoutReceiver {
  return { instance, providers: new Map([[provider.name, provider]]), services };
}
