import { type EpochSeconds, type Seconds, secondsOf } from '../time.ts';

/** No server keeps us away for longer, whatever it says. */
const longest = 300;

/** RFC 9110 §5.6.7: the one form that may still be sent. `Date.parse` alone takes nearly anything for a date. */
const imfFixdate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** What `Retry-After` asks for (RFC 9110 §10.2.3), five minutes at most; undefined when that is nothing. */
export function retryAfterOf(header: string | undefined, now: EpochSeconds): Seconds | undefined {
  const seconds = secondsUntil(header?.trim() ?? '', now);
  return seconds > 0 ? secondsOf(Math.min(seconds, longest)) : undefined;
}

/** NaN for what is neither a number nor a date. */
function secondsUntil(text: string, now: EpochSeconds): number {
  if (/^\d+$/.test(text)) return Number(text);
  return imfFixdate.test(text) ? Math.ceil(Date.parse(text) / 1000) - now : Number.NaN;
}
