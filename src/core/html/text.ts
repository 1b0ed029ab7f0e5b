import { type HttpRequest, headerValues } from '../http/request.ts';

/** Languages that every page can be read in, as BCP 47 tags; the first is the default. */
export const languages = ['en', 'de'] as const;

export type Language = (typeof languages)[number];

/** What a page says, in every language. It stands beside the feature that says it. */
export type Text = Readonly<Record<Language, string>>;

/** Browsers send less than a tenth of it; a header may be 90 kB of commas. */
const readAtMost = 1000;

const languageRange =
  /^[ \t]*([a-z]{1,8}|\*)(?:-[a-z0-9]{1,8}){0,8}[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?$/i;

/**
 * The language that fits Accept-Language best (RFC 9110 §12.5.4, lookup as in RFC 4647 §3.4): `de-AT` asks for `de`,
 * `*` for any language that is not named. The default where nothing fits: a page in another language is of more use
 * than none.
 */
export function languageOf(request: HttpRequest): Language {
  const weights = weightsOf(request);
  let best: Language = languages[0];
  let highest = 0;
  // Of equals the one that was named first.
  for (const [range, weight] of weights) {
    const language = languages.find((each) => (range === '*' ? !weights.has(each) : each === range));
    if (language === undefined || weight <= highest) continue;
    best = language;
    highest = weight;
  }
  return best;
}

/** The highest weight of each language, whatever its region, in the order in which they were first named. */
function weightsOf(request: HttpRequest): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const item of headerValues(request, 'accept-language').join(',').slice(0, readAtMost).split(',')) {
    const [, language, weight = '1'] = languageRange.exec(item) ?? [];
    if (language === undefined) continue;
    const name = language.toLowerCase();
    weights.set(name, Math.max(weights.get(name) ?? 0, Number(weight)));
  }
  return weights;
}
