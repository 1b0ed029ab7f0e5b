import type { Text } from '../../core/html/text.ts';

/** Words of the issuer's pages. */
export const texts = {
  signIn: { en: 'Sign in', de: 'Anmelden' },
  signInAgain: { en: 'Sign in: please try again', de: 'Anmelden: bitte versuchen Sie es noch einmal' },
  wrongPassword: {
    en: 'The user name or the password is not right.',
    de: 'Der Benutzername oder das Passwort stimmt nicht.',
  },
  userName: { en: 'User name', de: 'Benutzername' },
  password: { en: 'Password', de: 'Passwort' },
  wishes: { en: 'It would like to:', de: 'Die Anwendung möchte:' },
  authorize: { en: 'Authorize', de: 'Erlauben' },
  cancel: { en: 'Cancel', de: 'Abbrechen' },
  expired: { en: 'This page has expired', de: 'Diese Seite ist abgelaufen' },
  expiredWhy: {
    en: 'The sign-in took too long, was finished already, or was begun in another browser.',
    de: 'Die Anmeldung hat zu lange gedauert, ist bereits abgeschlossen oder wurde in einem anderen Browser begonnen.',
  },
  expiredWayOn: {
    en: 'Please go back to the application and open it again. If your browser blocks cookies for this site, allow them first.',
    de: 'Bitte gehen Sie zurück zur Anwendung und öffnen Sie sie erneut. Falls Ihr Browser Cookies für diese Website blockiert, erlauben Sie sie zuerst.',
  },
  refused: { en: 'Request refused', de: 'Anfrage abgelehnt' },
  foreignForm: {
    en: 'The form was not sent from this site. Please go back to the application and sign in again.',
    de: 'Das Formular wurde nicht von dieser Website gesendet. Bitte gehen Sie zurück zur Anwendung und melden Sie sich erneut an.',
  },
  failed: { en: 'This did not work', de: 'Das hat nicht funktioniert' },
  cannotAnswer: {
    en: 'The application that sent you here asked for something that this sign-in service cannot do.',
    de: 'Die Anwendung, die Sie hierher geschickt hat, hat etwas verlangt, das dieser Anmeldedienst nicht kann.',
  },
  code: { en: 'Code', de: 'Code' },
  signOut: { en: 'Sign out', de: 'Abmelden' },
  signOutQuestion: { en: 'Sign out?', de: 'Abmelden?' },
  notAsked: {
    en: 'If you did not ask for this, close this page: you stay signed in.',
    de: 'Wenn Sie das nicht veranlasst haben, schließen Sie diese Seite: Sie bleiben angemeldet.',
  },
  signedOut: { en: 'Signed out', de: 'Abgemeldet' },
  closePage: { en: 'You can close this page.', de: 'Sie können diese Seite schließen.' },
} satisfies Record<string, Text>;

export function continueTo(clientName: string): Text {
  return { en: `to continue to ${clientName}`, de: `weiter zu ${clientName}` };
}

export function authorizeQuestion(clientName: string): Text {
  return { en: `Authorize ${clientName}?`, de: `Zugriff für ${clientName} erlauben?` };
}

export function signedInAs(userName: string): Text {
  return { en: `You are signed in as ${userName}.`, de: `Sie sind als ${userName} angemeldet.` };
}

/** `clientName`: undefined where nothing says who asks. */
export function logoutAskedBy(clientName: string | undefined): Text {
  return {
    en: `${clientName ?? 'A page'} asks to sign you out here and in every application that you opened with this sign-in.`,
    de: `${clientName ?? 'Eine Seite'} möchte Sie hier und in jeder Anwendung abmelden, die Sie mit dieser Anmeldung geöffnet haben.`,
  };
}

export function signedOutOf(clientName: string | undefined): Text {
  if (clientName === undefined) return { en: 'You are signed out.', de: 'Sie sind abgemeldet.' };
  return { en: `You are signed out of ${clientName}.`, de: `Sie sind von ${clientName} abgemeldet.` };
}

/** What an error of the engine means to people who have done nothing wrong; undefined where we know no more than it. */
export function explanationOf(error: string): Text | undefined {
  return explanations.get(error);
}

const explanations: ReadonlyMap<string, Text> = new Map([
  [
    'server_error',
    {
      en: 'Something went wrong on our side. Please try again.',
      de: 'Bei uns ist etwas schiefgegangen. Bitte versuchen Sie es noch einmal.',
    },
  ],
  [
    'invalid_client',
    {
      en: 'The application that sent you here is not known to this sign-in service.',
      de: 'Die Anwendung, die Sie hierher geschickt hat, ist diesem Anmeldedienst nicht bekannt.',
    },
  ],
  [
    'invalid_redirect_uri',
    {
      en: 'The application wants to take you to an address that is not registered for it.',
      de: 'Die Anwendung möchte Sie zu einer Adresse führen, die für sie nicht eingetragen ist.',
    },
  ],
  [
    'temporarily_unavailable',
    {
      en: 'The sign-in service cannot answer right now. Please try again in a moment.',
      de: 'Der Anmeldedienst kann gerade nicht antworten. Bitte versuchen Sie es gleich noch einmal.',
    },
  ],
  ['not_found', { en: 'There is nothing at this address.', de: 'Unter dieser Adresse gibt es nichts.' }],
  [
    'method_not_allowed',
    { en: 'This address is not for browsers.', de: 'Diese Adresse ist nicht für Browser gedacht.' },
  ],
]);
