import type { PageRenderer } from '../../core/html/page-renderer.ts';
import { type Refusal, refuse } from '../../core/http/refusal.ts';
import { jsonReply } from '../../core/http/reply.ts';
import { type HttpRequest, requestIdOf } from '../../core/http/request.ts';
import type { Seconds } from '../../core/time.ts';
import type { PlainReply, Verdict } from '../../core/verdict.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { DeadlineExceededError, withDeadline } from './deadline.ts';
import { createResponseEncoder } from './response-encoder.ts';
import { flawOf } from './response-guard.ts';
import { toCheckResponse } from './to-check-response.ts';
import { toHttpRequest } from './to-http-request.ts';

/** An encoded CheckRequest in, an encoded CheckResponse out. Never rejects. */
export type Check = (message: Uint8Array) => Promise<Uint8Array>;

export interface CheckOptions {
  readonly authorize: (request: HttpRequest) => Promise<Verdict>;
  readonly telemetry: Telemetry;
  readonly renderer: PageRenderer;
  /** Seconds on a clock that never goes back; only differences are used. */
  readonly now: () => number;
  /** How long `authorize` may take, below the time-out of Envoy's filter, so that the answer is still ours. */
  readonly deadline: Seconds;
}

/**
 * The check, whatever carries it. Everything that is not a sound verdict becomes a refusal here: bytes that are
 * no request (400), an exception, a missed deadline or an unsound answer (503). No path falls through to "allow".
 */
export function createCheck(options: CheckOptions): Check {
  const { telemetry, now } = options;
  const encode = createResponseEncoder();
  return async (message) => {
    const startedAt = now();
    const request = toHttpRequest(message);
    const answer = request === undefined ? refuseMessage(encode, telemetry) : await answerTo(request, encode, options);
    telemetry.check(answer.decision, now() - startedAt);
    return answer.response;
  };
}

interface Answer {
  readonly decision: string;
  readonly response: Uint8Array;
}

type Encode = ReturnType<typeof createResponseEncoder>;

/** The one catch of this server. */
async function answerTo(request: HttpRequest, encode: Encode, options: CheckOptions): Promise<Answer> {
  const { authorize, telemetry, renderer, deadline } = options;
  try {
    const verdict = await withDeadline(authorize(request), deadline);
    const response = toCheckResponse(verdict.kind === 'reply' ? renderer.render(verdict, request) : verdict);
    const flaw = flawOf(response);
    if (flaw === undefined) return { decision: decisionOf(verdict), response: encode(response) };
    telemetry.problem('check_failed', { outcome: 'unsound_answer', detail: flaw, requestId: requestIdOf(request) });
  } catch (error) {
    if (error instanceof StoreUnavailableError) {
      telemetry.problem('store_unavailable', { operation: 'check', requestId: requestIdOf(request) }, error);
    } else {
      const outcome = error instanceof DeadlineExceededError ? 'deadline_exceeded' : 'error';
      telemetry.problem('check_failed', { outcome, requestId: requestIdOf(request) }, error);
    }
  }
  return answerWith(renderer.render(refuse(request, unavailable), request), encode);
}

function refuseMessage(encode: Encode, telemetry: Telemetry): Answer {
  telemetry.problem('check_failed', { outcome: 'malformed_message' });
  return answerWith(malformed, encode);
}

function answerWith(reply: PlainReply, encode: Encode): Answer {
  return { decision: decisionOf(reply), response: encode(toCheckResponse(reply)) };
}

/** For people too: a page that says to come again is better than a browser's own error. */
const unavailable: Refusal = {
  status: 503,
  error: 'temporarily_unavailable',
  title: { en: 'Not available right now', de: 'Zurzeit nicht verfügbar' },
  description: {
    en: 'The request could not be checked. Please try again in a moment.',
    de: 'Die Anfrage konnte nicht geprüft werden. Bitte versuchen Sie es gleich noch einmal.',
  },
  headers: [['retry-after', '1']],
};

const malformed: PlainReply = jsonReply(400, {
  error: 'invalid_request',
  error_description: 'The request could not be read.',
});

/** Few and fixed, because each is a time series. */
function decisionOf(verdict: Verdict): string {
  if (verdict.kind === 'forward') return 'forward';
  switch (verdict.status) {
    case 302:
    case 303:
      return 'redirect';
    case 400:
      return 'bad_request';
    case 401:
      return 'unauthenticated';
    case 403:
      return 'forbidden';
    case 503:
      return 'unavailable';
    default:
      return 'other_reply';
  }
}
