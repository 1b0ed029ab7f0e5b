import { type Html, html } from '../../core/html/html.ts';
import { pageHeaders, renderPage } from '../../core/html/page.ts';
import type { IssuerClient, IssuerInteraction, IssuerPage, IssuerPages } from '../../ports/issuer-engine.ts';
import { describeScope } from './scopes.ts';

/**
 * The login page. Its form has no `action`: it goes to the page's own URL, so that a fragment of the return URL
 * survives (URL fragments follow redirects in the browser, RFC 9110 §10.2.2, and never reach a server).
 */
export function loginPage(
  interaction: IssuerInteraction,
  failed: { readonly username: string } | undefined,
): IssuerPage {
  const username = failed?.username ?? interaction.loginHint ?? '';
  // Whoever came back, or is known already, has only the password left to type.
  const focus = { username: username === '' ? autofocus : nothing, password: username === '' ? nothing : autofocus };
  const problem =
    failed === undefined
      ? nothing
      : html`<p id="problem" class="problem" role="alert">The user name or the password is not right.</p>`;
  const described = failed === undefined ? nothing : html` aria-invalid="true" aria-describedby="problem"`;
  return page(
    failed === undefined ? 'Sign in' : 'Sign in: please try again',
    formTargetsOf(interaction.client),
    html`<h1>Sign in</h1>
<p class="muted">to continue to ${interaction.client.clientName}</p>
${problem}
<form method="post">
<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="256" required value="${username}"${described}${focus.username}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required${described}${focus.password}>
<button class="full">Sign in</button>
</form>`,
  );
}

/** The consent page: what the client asks for, in words. `userName`: who would allow it. */
export function consentPage(interaction: IssuerInteraction, userName: string): IssuerPage {
  const { clientName } = interaction.client;
  const wishes = interaction.scopes.flatMap((scope) => {
    const text = describeScope(scope);
    return text === undefined
      ? []
      : [
          html`<li>${text}</li>
`,
        ];
  });
  return page(
    `Authorize ${clientName}?`,
    formTargetsOf(interaction.client),
    html`<h1>Authorize ${clientName}?</h1>
<p class="muted">You are signed in as ${userName}.</p>
<p>It would like to:</p>
<ul>
${wishes}</ul>
<form method="post">
<div class="row">
<button name="decision" value="allow">Authorize</button>
<button class="plain" name="decision" value="deny">Cancel</button>
</div>
</form>
`,
  );
}

/** An interaction that is over, or that another browser began. */
export function interactionGonePage(): IssuerPage {
  return page(
    'This page has expired',
    [],
    html`<h1>This page has expired</h1>
<p>The sign-in took too long, was finished already, or was begun in another browser.</p>
<p>Please go back to the application and open it again. If your browser blocks cookies for this site, allow them
first.</p>`,
  );
}

/** A form that another site sent. */
export function foreignFormPage(): IssuerPage {
  return page(
    'Request refused',
    [],
    html`<h1>Request refused</h1>
<p>The form was not sent from this site. Please go back to the application and sign in again.</p>`,
  );
}

/** The pages that the engine shows by itself. */
export const enginePages: IssuerPages = {
  error: ({ error, description }) =>
    page(
      'This did not work',
      [],
      html`<h1>This did not work</h1>
<p>${explanations.get(error) ?? (description === undefined ? 'Please try again.' : sentence(description))}</p>
<p class="muted">Code: <code>${error}</code></p>`,
    ),

  confirmLogout: ({ action, fields, clientName, formTargets }) =>
    page(
      'Sign out?',
      formTargets,
      html`<h1>Sign out?</h1>
<p>${clientName === undefined ? 'A page' : clientName} asks to sign you out here and in every application that you opened with this sign-in.</p>
<p class="muted">If you did not ask for this, close this page: you stay signed in.</p>
<form method="post" action="${action}">
${fields.map(
  ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`,
)}<button name="logout" value="yes">Sign out</button>
</form>`,
    ),

  loggedOut: (clientName) =>
    page(
      'Signed out',
      [],
      html`<h1>Signed out</h1>
<p>${clientName === undefined ? 'You are signed out.' : html`You are signed out of ${clientName}.`}</p>
<p>You can close this page.</p>`,
    ),
};

/** Errors that people meet without having done anything wrong, in their words. */
const explanations: ReadonlyMap<string, string> = new Map([
  ['server_error', 'Something went wrong on our side. Please try again.'],
  ['invalid_client', 'The application that sent you here is not known to this sign-in service.'],
  ['invalid_redirect_uri', 'The application wants to take you to an address that is not registered for it.'],
  ['temporarily_unavailable', 'The sign-in service cannot answer right now. Please try again in a moment.'],
]);

const nothing = html``;
const autofocus = html` autofocus`;

function page(title: string, formTargets: readonly string[], content: Html): IssuerPage {
  return {
    headers: pageHeaders(formTargets),
    body: renderPage({
      title,
      language: 'en',
      body: html`<main>
${content}
</main>`,
    }),
  };
}

/** Chromium applies form-action to the redirects behind a form too: the last one leads to the client. */
function formTargetsOf(client: IssuerClient): readonly string[] {
  return [...new Set(client.redirectUris.map((uri) => new URL(uri).origin))];
}

/** The engine's descriptions begin in lower case and have no full stop. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
