import { type HttpRequest, headerValues } from './request.ts';

/**
 * Whether a request brings more than one Authorization field. Envoy joins repeated ones with commas before it asks
 * (`Bearer a,Bearer b`), so a single value can be two: behind a comma only further parameters of the one scheme may
 * stand (RFC 9110 §11.4).
 */
export function hasSeveralCredentials(request: HttpRequest): boolean {
  const values = headerValues(request, 'authorization');
  return values.length > 1 || values.some(isJoined);
}

// The values of parameters are not looked at: AWS4-HMAC-SHA256 writes `/` and `;` into them without quotes.
const parameter = /^[ \t]*[\w!#$%&'*+.^`|~-]+[ \t]*=/;
const schemeAndParameter = /^[^ \t]+[ \t]+[\w!#$%&'*+.^`|~-]+[ \t]*=/;

function isJoined(value: string): boolean {
  const [first = '', ...others] = splitOutsideQuotes(value);
  return others.length > 0 && !(schemeAndParameter.test(first) && others.every((element) => parameter.test(element)));
}

/** A list's elements (RFC 9110 §5.6.1); commas in quoted strings belong to their element. */
function splitOutsideQuotes(value: string): readonly string[] {
  const elements: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let index = 0; index < value.length; index += 1) {
    const character = value[index];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted && character === '\\') index += 1;
    else if (!isQuoted && character === ',') {
      elements.push(value.slice(start, index));
      start = index + 1;
    }
  }
  // A quote that nothing closes quotes nothing: or the second credentials could hide behind it.
  return isQuoted ? value.split(',') : [...elements, value.slice(start)];
}
