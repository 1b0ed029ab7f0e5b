import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { httpRequest } from '../../../test/support/http-request.ts';
import { languageOf, languages } from './text.ts';

function languageFor(acceptLanguage: string | readonly string[]) {
  return languageOf(httpRequest({ headers: { 'accept-language': acceptLanguage } }));
}

describe('languageOf (RFC 9110 §12.5.4)', () => {
  it.each([
    ['de', 'de'],
    ['DE', 'de'],
    ['de-AT', 'de'],
    ['de-Latn-DE-1996', 'de'],
    ['de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7', 'de'],
    ['en-US,en;q=0.9,de;q=0.8', 'en'],
    ['fr, de;q=0.5, en;q=0.4', 'de'],
    ['en;q=0.1, de;q=0.001', 'en'],
    ['en;q=0.8, de;q=1.000', 'de'],
    ['en;q=0.5,de;q=0.5', 'en'],
    ['de;q=0.5 , en ; q=0.5', 'de'],
    ['de;q=0.2, en;q=0.5, de-CH;q=0.9', 'de'],
    ['de;q=0, en;q=0', 'en'],
    ['de;q=0', 'en'],
    ['*', 'en'],
    ['fr, *;q=0.1', 'en'],
    ['en;q=0, *', 'de'],
    ['en;q=0.2, *;q=0.5', 'de'],
    ['en, de, *', 'en'],
    ['fr', 'en'],
    ['ger', 'en'],
    ['d', 'en'],
    ['', 'en'],
  ])('of %j is %s', (header, language) => {
    expect(languageFor(header)).toBe(language);
  });

  it.each(['de;q=2', 'de;q=-1', 'de;q=1.001', 'de;level=1', 'de_DE', 'de-', 'deutsch-sprachig', '<de>', 'de\u00e9'])(
    'ignores %j, which is no language range',
    (item) => {
      expect(languageFor(item)).toBe('en');
    },
  );

  it('reads several lines as one list, and none as no wish', () => {
    expect(languageFor(['fr', 'de'])).toBe('de');
    expect(languageOf(httpRequest())).toBe('en');
  });

  it('reads the beginning of a long header and stops (G3)', () => {
    expect(languageFor(`de,${'en;q=0.9,'.repeat(10_000)}`)).toBe('de');
    expect(languageFor(`${','.repeat(1000)}de`)).toBe('en');
    expect(languageFor(`${'-'.repeat(90_000)}`)).toBe('en');
  });

  it('is one of our languages whatever comes', () => {
    fc.assert(fc.property(fc.string(), (header) => languages.includes(languageFor(header))));
  });
});
