import { refuse } from '../../core/http/refusal.ts';
import { redirect } from '../../core/http/reply.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { parseAuthorizationResponse } from '../../core/oauth/authorization-response.ts';
import { after, secondsOf } from '../../core/time.ts';
import type { Reply } from '../../core/verdict.ts';
import { attemptOf } from '../../flows/complete-login.ts';
import type { AuthorizationServer } from '../../ports/authorization-server.ts';
import { redirectUriOf } from './login.ts';
import type { SessionRuntime } from './runtime.ts';
import { foreignLoginTexts } from './texts.ts';

/** From the POST to the GET that follows it at once. */
const handleLifetime = secondsOf(60);

/**
 * `POST` on the callback of a provider: an answer by `response_mode=form_post` (OAuth 2.0 Form Post Response Mode §2). The
 * provider's page sends it across sites, without our SameSite=Lax cookies; so it comes once more as a GET, which has
 * them. What it said travels sealed: no code stands in a URL, and what we did not seal is not taken for a form.
 */
export function formPostCallback(
  body: unknown,
  request: HttpRequest,
  origin: string,
  provider: AuthorizationServer,
  runtime: SessionRuntime,
): Reply {
  const { services, instance } = runtime;
  const query = typeof body === 'string' ? new URLSearchParams(body).toString() : '';
  const response = parseAuthorizationResponse(query);
  const attempt =
    response.kind === 'invalid' ? undefined : attemptOf(response.state, { instance, origin }, services.sealer);
  if (attempt === undefined) {
    const reason = response.kind === 'invalid' ? response.reason : 'state is not ours';
    services.telemetry.event('login_failed', { instance, outcome: 'foreign', reason });
    return refuse(request, { status: 400, error: 'invalid_request', ...foreignLoginTexts });
  }
  const content = JSON.stringify([after(services.clock.now(), handleLifetime), query]);
  const handle = services.sealer.seal(
    'callback-handle',
    new TextEncoder().encode(content),
    contextOf(origin, provider, runtime),
  );
  return redirect(303, `${redirectUriOf(origin, provider, runtime)}?handle=${handle}`);
}

/** The query of an authorization response: of the request itself, or of the form that its handle stands for. */
export function responseOf(
  request: HttpRequest,
  origin: string,
  provider: AuthorizationServer,
  runtime: SessionRuntime,
): string {
  const mark = request.target.indexOf('?');
  const query = mark < 0 ? '' : request.target.slice(mark + 1);
  const [, handle] = /^handle=([A-Za-z0-9_-]+)$/.exec(query) ?? [];
  if (handle === undefined) return query;
  const opened = runtime.services.sealer.open('callback-handle', handle, contextOf(origin, provider, runtime));
  // A handle that is not ours or is late is a response without a state, which is refused.
  if (opened === undefined) return '';
  const [endsAt, form]: readonly [number, string] = JSON.parse(new TextDecoder().decode(opened)); // sealed above
  return runtime.services.clock.now() < endsAt ? form : '';
}

function contextOf(origin: string, provider: AuthorizationServer, { instance }: SessionRuntime): string {
  return `${instance}\0${provider.name}\0${origin}`;
}
