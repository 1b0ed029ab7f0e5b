import { createHash } from 'node:crypto';
import { readCookies, setCookie } from '../../core/http/cookies.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { PlacedCookie } from './cookies.ts';

/*
 * No store knows which sealed sessions have ended, and the answer to a request that was under way may come after the
 * logout and bring the cookies back: the browser itself remembers which ones are over. Not by time: clocks of replicas
 * differ, and cookies of form 0x01 say nothing about theirs.
 */

/** Of the last ones; answers that are later than so many logins do not come. */
const maxMarks = 8;

const form = /^[A-Za-z0-9_-]{16}(?:\.[A-Za-z0-9_-]{16}){0,7}$/;

/** Whether this browser has seen the end of the session with this key. */
export function hasEnded(request: HttpRequest, key: string, out: PlacedCookie): boolean {
  return key !== '' && marksOf(request, out).includes(markOf(key));
}

/** The Set-Cookie value that notes the end of the session with this key. */
export function noteEnd(request: HttpRequest, key: string, out: PlacedCookie): string {
  const mark = markOf(key);
  const others = marksOf(request, out).filter((known) => known !== mark);
  return setCookie(out.name, [mark, ...others].slice(0, maxMarks).join('.'), out.style);
}

/**
 * Of every cookie with this name: a page of a neighbouring host can put one beside ours, and takes no mark away with it.
 * Envoy's limit for headers is the limit here.
 */
function marksOf(request: HttpRequest, { name }: PlacedCookie): readonly string[] {
  const values = readCookies(request, name).filter((value) => form.test(value));
  return [...new Set(values.flatMap((value) => value.split('.')))];
}

/** Opens nothing, and shows nothing of the key. */
function markOf(key: string): string {
  return createHash('sha256').update(`ended\0${key}`).digest('base64url').slice(0, 16);
}
