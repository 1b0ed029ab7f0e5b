import { describe, expect, it } from 'vitest';
import { errorCodeOf, namesIssuer, parseAuthorizationResponse } from './authorization-response.ts';

describe('parseAuthorizationResponse (RFC 6749 §4.1.2)', () => {
  it.each([
    ['code=c&state=s', undefined],
    ['state=s&code=c&session_state=x', undefined],
    ['code=c&state=s&iss=https%3A%2F%2Fidp.example', 'https://idp.example'],
  ])('reads a code from %j', (query, iss) => {
    expect(parseAuthorizationResponse(query)).toEqual({ kind: 'code', state: 's', iss });
  });

  it.each([
    ['error=access_denied&state=s', 'access_denied'],
    ['error=login_required&error_description=x&error_uri=y&state=s', 'login_required'],
    ['error=%3Cscript%3E&state=s', 'server_error'],
  ])('reads an error from %j (L9)', (query, error) => {
    expect(parseAuthorizationResponse(query)).toEqual({ kind: 'error', error, state: 's', iss: undefined });
  });

  it.each([
    ['', 'state is missing'],
    ['code=c', 'state is missing'],
    ['state=s', 'code is missing'],
    ['code=c&state=', 'state came empty'],
    ['code=&state=s', 'code came empty'],
    ['error=&state=s', 'error came empty'],
    ['code=c&state=s&iss=', 'iss came empty'],
    ['code=c&state=s&error=access_denied', 'code and error came together'],
    ['code=c&code=c&state=s', 'code came twice'],
    ['code=c&code=d&state=s', 'code came twice'],
    ['code=c&state=s&state=s', 'state came twice'],
    ['code=c&state=s&%73tate=t', 'state came twice'],
    ['code=c&state=s&iss=a&iss=b', 'iss came twice'],
    ['error=a&error=b&state=s', 'error came twice'],
    ['CODE=c&STATE=s', 'state is missing'],
    ['response=jwt', 'state is missing'],
  ])('finds %j invalid: %s (L2)', (query, reason) => {
    expect(parseAuthorizationResponse(query)).toEqual({ kind: 'invalid', reason });
  });

  it('does not read a query that no provider sends', () => {
    const query = `code=c&state=s${'&a'.repeat(12_300)}`;
    expect(parseAuthorizationResponse(query)).toEqual({ kind: 'invalid', reason: 'the query is too long' });
    expect(parseAuthorizationResponse(query.slice(0, 24_576)).kind).toBe('code');
  });
});

describe('errorCodeOf', () => {
  it.each([
    ['invalid_grant', 'invalid_grant'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), 'server_error'],
    ['Invalid Grant', 'server_error'],
    ['invalid_grant\n', 'server_error'],
    ['<b>', 'server_error'],
    ['', 'server_error'],
  ])('makes %j a code that can be shown and logged: %j (L9, G9)', (error, code) => {
    expect(errorCodeOf(error)).toBe(code);
  });
});

describe('namesIssuer (RFC 9207 §2.4)', () => {
  const issuer = 'https://idp.example';

  it.each([
    [issuer, true, true],
    [issuer, false, true],
    [undefined, false, true],
    [undefined, true, false],
    ['https://evil.example', true, false],
    ['https://evil.example', false, false],
    ['https://idp.example/', true, false],
    ['HTTPS://idp.example', true, false],
    ['', false, false],
  ])('iss %j of a server that promised it (%j) is right: %j (L6)', (iss, sendsIss, isRight) => {
    expect(namesIssuer(iss, { issuer, sendsIss })).toBe(isRight);
  });
});
