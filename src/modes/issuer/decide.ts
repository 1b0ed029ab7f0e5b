import type { IssuerInteraction } from '../../ports/issuer-engine.ts';

/** A submitted form, already parsed; undefined where the body was no form. */
export type FormFields = ReadonlyMap<string, string>;

/** What a submitted interaction page leads to. */
export type Move =
  | { readonly kind: 'authenticate'; readonly username: string; readonly password: string }
  | { readonly kind: 'consent' }
  | { readonly kind: 'deny' }
  /** Show the page that the interaction waits for: the form belonged to another one, or was not filled in. */
  | { readonly kind: 'show' };

/** Decides about a submitted form by what the interaction waits for, not by what the form claims to be. */
export function decide(interaction: Pick<IssuerInteraction, 'kind'>, form: FormFields): Move {
  switch (interaction.kind) {
    case 'login':
      return decideLogin(form);
    case 'consent':
      return decideConsent(form);
  }
}

function decideLogin(form: FormFields): Move {
  const username = form.get('username')?.trim();
  const password = form.get('password');
  if (username === undefined || username === '' || password === undefined || password === '') return { kind: 'show' };
  return { kind: 'authenticate', username, password };
}

/** Only the word itself is a yes. */
function decideConsent(form: FormFields): Move {
  switch (form.get('decision')) {
    case 'allow':
      return { kind: 'consent' };
    case 'deny':
      return { kind: 'deny' };
    default:
      return { kind: 'show' };
  }
}
