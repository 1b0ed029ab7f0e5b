import { html } from '../../core/html/html.ts';
import type { Page } from '../../core/html/page.ts';
import type { IssuerClient, IssuerInteraction, IssuerPages } from '../../ports/issuer-engine.ts';
import { describeScope } from './scopes.ts';
import {
  authorizeQuestion,
  continueTo,
  explanationOf,
  logoutAskedBy,
  signedInAs,
  signedOutOf,
  texts,
} from './texts.ts';

/**
 * The login page. Its form has no `action`: it goes to the page's own URL, so that a fragment of the return URL
 * survives (URL fragments follow redirects in the browser, RFC 9110 §10.2.2, and never reach a server).
 */
export function loginPage(interaction: IssuerInteraction, failed: { readonly username: string } | undefined): Page {
  const username = failed?.username ?? interaction.loginHint ?? '';
  // Whoever came back, or is known already, has only the password left to type.
  const focus = { username: username === '' ? autofocus : nothing, password: username === '' ? nothing : autofocus };
  const described = failed === undefined ? nothing : html` aria-invalid="true" aria-describedby="problem"`;
  return {
    title: failed === undefined ? texts.signIn : texts.signInAgain,
    formTargets: formTargetsOf(interaction.client),
    body: (t) => html`<h1>${t(texts.signIn)}</h1>
<p class="muted">${t(continueTo(interaction.client.clientName))}</p>
${failed === undefined ? nothing : html`<p id="problem" class="problem" role="alert">${t(texts.wrongPassword)}</p>`}
<form method="post">
<label for="username">${t(texts.userName)}</label>
<input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="256" required value="${username}"${described}${focus.username}>
<label for="password">${t(texts.password)}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required${described}${focus.password}>
<button class="full">${t(texts.signIn)}</button>
</form>`,
  };
}

/** The consent page: what the client asks for, in words. `userName`: who would allow it. */
export function consentPage(interaction: IssuerInteraction, userName: string): Page {
  const question = authorizeQuestion(interaction.client.clientName);
  const wishes = interaction.scopes.map(describeScope).filter((wish) => wish !== undefined);
  return {
    title: question,
    formTargets: formTargetsOf(interaction.client),
    body: (t) => html`<h1>${t(question)}</h1>
<p class="muted">${t(signedInAs(userName))}</p>
<p>${t(texts.wishes)}</p>
<ul>
${wishes.map(
  (wish) => html`<li>${t(wish)}</li>
`,
)}</ul>
<form method="post">
<div class="row">
<button name="decision" value="allow">${t(texts.authorize)}</button>
<button class="plain" name="decision" value="deny">${t(texts.cancel)}</button>
</div>
</form>`,
  };
}

/** An interaction that is over, or that another browser began. */
export function interactionGonePage(): Page {
  return {
    title: texts.expired,
    body: (t) => html`<h1>${t(texts.expired)}</h1>
<p>${t(texts.expiredWhy)}</p>
<p>${t(texts.expiredWayOn)}</p>`,
  };
}

/** A form that another site sent. */
export function foreignFormPage(): Page {
  return {
    title: texts.refused,
    body: (t) => html`<h1>${t(texts.refused)}</h1>
<p>${t(texts.foreignForm)}</p>`,
  };
}

/** The pages that the engine shows by itself. */
export const enginePages: IssuerPages = {
  error: ({ error, description }) => ({
    title: texts.failed,
    body: (t) => html`<h1>${t(texts.failed)}</h1>
<p>${t(explanationOf(error) ?? texts.cannotAnswer)}</p>
${
  // The engine's own words, for whoever made the application; where we have better ones they add nothing.
  description === undefined || explanationOf(error) !== undefined
    ? nothing
    : html`<p lang="en">${sentence(description)}</p>`
}
<p class="muted">${t(texts.code)}: <code>${error}</code></p>`,
  }),

  confirmLogout: ({ action, fields, clientName, formTargets }) => ({
    title: texts.signOutQuestion,
    formTargets,
    body: (t) => html`<h1>${t(texts.signOutQuestion)}</h1>
<p>${t(logoutAskedBy(clientName))}</p>
<p class="muted">${t(texts.notAsked)}</p>
<form method="post" action="${action}">
${fields.map(
  ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`,
)}<button name="logout" value="yes">${t(texts.signOut)}</button>
</form>`,
  }),

  loggedOut: (clientName) => ({
    title: texts.signedOut,
    body: (t) => html`<h1>${t(texts.signedOut)}</h1>
<p>${t(signedOutOf(clientName))}</p>
<p>${t(texts.closePage)}</p>`,
  }),
};

const nothing = html``;
const autofocus = html` autofocus`;

/** Chromium applies form-action to the redirects behind a form too: the last one leads to the client. */
function formTargetsOf(client: IssuerClient): readonly string[] {
  return [...new Set(client.redirectUris.map((uri) => new URL(uri).origin))];
}

/** The engine's descriptions begin in lower case and have no full stop. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
