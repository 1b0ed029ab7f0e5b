import { html } from '../../core/html/html.ts';
import type { Page } from '../../core/html/page.ts';
import { texts } from './texts.ts';

export interface ChooserOptions {
  /** In the order in which they are shown. */
  readonly providers: readonly { readonly name: string; readonly label: string }[];
  /** Path on our origin. */
  readonly returnTo: string;
  /** `https:`, or `http:` in development. */
  readonly scheme: string;
}

/** Asks with which provider to sign in. Its form has no `action`, so that a fragment of the page's URL survives. */
export function chooserPage({ providers, returnTo, scheme }: ChooserOptions): Page {
  return {
    title: texts.signIn,
    body: (t) => html`<h1>${t(texts.signIn)}</h1>
<p>${t(texts.chooseProvider)}</p>
<form method="get">
<input type="hidden" name="rd" value="${returnTo}">
${providers.map(({ name, label }) => html`<button class="full" name="provider" value="${name}">${label}</button>`)}
</form>`,
    // Chromium applies form-action to every redirect behind the form, and where a provider sends people is its matter.
    formTargets: scheme === 'https:' ? ['https:'] : ['https:', scheme],
  };
}
