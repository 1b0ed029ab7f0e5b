import { html } from '../../core/html/html.ts';
import type { Page } from '../../core/html/page.ts';
import { formTargetsFor } from './form-targets.ts';
import { texts } from './texts.ts';

export interface ChooserOptions {
  /** In the order in which they are shown. */
  readonly providers: readonly { readonly name: string; readonly label: string }[];
  /** Path on our origin. */
  readonly returnTo: string;
  /** The site that shows the page. */
  readonly origin: string;
}

/** Asks with which provider to sign in. Its form has no `action`, so that a fragment of the page's URL survives. */
export function chooserPage({ providers, returnTo, origin }: ChooserOptions): Page {
  return {
    title: texts.signIn,
    body: (t) => html`<h1>${t(texts.signIn)}</h1>
<p>${t(texts.chooseProvider)}</p>
<form method="get">
<input type="hidden" name="rd" value="${returnTo}">
${providers.map(({ name, label }) => html`<button class="full" name="provider" value="${name}">${label}</button>`)}
</form>`,
    formTargets: formTargetsFor(origin),
  };
}
