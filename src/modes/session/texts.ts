import type { Text } from '../../core/html/text.ts';

/** What a refusal of session mode says to people; programs read the description in English. */
type Words = { readonly title: Text; readonly description: Text };

export const notAllowedTexts: Words = {
  title: { en: 'You do not have access', de: 'Sie haben keinen Zugriff' },
  description: {
    en: 'You are signed in, but this account may not open this page. Sign out to use another account.',
    de: 'Sie sind angemeldet, aber dieses Konto darf diese Seite nicht öffnen. Melden Sie sich ab, um ein anderes Konto zu verwenden.',
  },
};

export const loginRequiredTexts: Words = {
  title: { en: 'Sign-in required', de: 'Anmeldung erforderlich' },
  description: {
    en: 'Open login_url in a browser tab; add ?rd= with the path to return to.',
    de: 'Öffnen Sie login_url in einem Browser-Tab; hängen Sie ?rd= mit dem Pfad an, zu dem es zurückgehen soll.',
  },
};

export const providerUnavailableTexts: Words = {
  title: { en: 'Sign-in is not available right now', de: 'Die Anmeldung ist zurzeit nicht möglich' },
  description: {
    en: 'The identity provider did not answer as it should. Please try again in a moment.',
    de: 'Der Anmeldedienst hat nicht wie erwartet geantwortet. Bitte versuchen Sie es gleich noch einmal.',
  },
};

export const refreshUnavailableTexts: Words = {
  title: { en: 'Not available right now', de: 'Zurzeit nicht verfügbar' },
  description: {
    en: 'Your session could not be renewed, because the identity provider did not answer as it should. You are still signed in; please try again in a moment.',
    de: 'Ihre Sitzung konnte nicht verlängert werden, weil der Anmeldedienst nicht wie erwartet geantwortet hat. Sie sind weiter angemeldet; bitte versuchen Sie es gleich noch einmal.',
  },
};

export const loginExpiredTexts: Words = {
  title: { en: 'This sign-in is no longer valid', de: 'Diese Anmeldung ist nicht mehr gültig' },
  description: {
    en: 'It took too long, or it was finished already. Please start again.',
    de: 'Sie hat zu lange gedauert oder wurde bereits abgeschlossen. Bitte beginnen Sie von vorn.',
  },
};

export const foreignLoginTexts: Words = {
  title: { en: 'This sign-in did not begin here', de: 'Diese Anmeldung hat nicht hier begonnen' },
  description: {
    en: 'The answer does not belong to a sign-in of this browser. If your browser blocks cookies for this site, allow them; then start again.',
    de: 'Die Antwort gehört zu keiner Anmeldung dieses Browsers. Falls Ihr Browser Cookies für diese Website blockiert, erlauben Sie sie; beginnen Sie dann von vorn.',
  },
};

export const cookiesNeededTexts: Words = {
  title: { en: 'Cookies are needed to sign in', de: 'Zum Anmelden werden Cookies benötigt' },
  description: {
    en: 'Your browser did not keep our cookie, or the sign-in began in another browser. Please allow cookies for this site, then start again.',
    de: 'Ihr Browser hat unser Cookie nicht behalten, oder die Anmeldung hat in einem anderen Browser begonnen. Bitte erlauben Sie Cookies für diese Website und beginnen Sie dann von vorn.',
  },
};

export const sessionTooLargeTexts: Words = {
  title: { en: 'Sign-in cannot be finished', de: 'Die Anmeldung kann nicht abgeschlossen werden' },
  description: {
    en: 'The identity provider sent more about this account than your browser can keep. Please tell whoever runs this site.',
    de: 'Der Anmeldedienst hat zu diesem Konto mehr Daten gesendet, als Ihr Browser behalten kann. Bitte wenden Sie sich an den Betreiber dieser Website.',
  },
};

export const loginFailedTexts: Words = {
  title: { en: 'Sign-in failed', de: 'Die Anmeldung ist fehlgeschlagen' },
  description: {
    en: 'The identity provider did not sign you in.',
    de: 'Der Anmeldedienst hat Sie nicht angemeldet.',
  },
};

export const noSuchProviderTexts: Words = {
  title: loginFailedTexts.title,
  description: {
    en: 'This way to sign in is not known here. Please go back and choose another one.',
    de: 'Diese Art der Anmeldung ist hier nicht bekannt. Bitte gehen Sie zurück und wählen Sie eine andere.',
  },
};

export const loginDeclinedTexts: Words = {
  ...loginFailedTexts,
  title: { en: 'Sign-in was declined', de: 'Die Anmeldung wurde abgelehnt' },
};

export const foreignLogoutTexts: Words = {
  title: { en: 'Sign-out was not asked for here', de: 'Diese Abmeldung wurde nicht hier angefordert' },
  description: {
    en: 'The request to sign out did not come from a page of this site.',
    de: 'Die Aufforderung zur Abmeldung kam nicht von einer Seite dieser Website.',
  },
};

/** Words of the links, buttons and pages. */
export const texts = {
  signIn: { en: 'Sign in', de: 'Anmelden' },
  chooseProvider: { en: 'Choose how you want to sign in.', de: 'Wählen Sie, womit Sie sich anmelden möchten.' },
  signInAgain: { en: 'Sign in again', de: 'Erneut anmelden' },
  tryAgain: { en: 'Try again', de: 'Noch einmal versuchen' },
  signOut: { en: 'Sign out', de: 'Abmelden' },
  signOutQuestion: { en: 'Sign out?', de: 'Abmelden?' },
  signOutScope: {
    en: 'You will be signed out of this site and of your identity provider.',
    de: 'Sie werden von dieser Website und von Ihrem Anmeldedienst abgemeldet.',
  },
  staySignedIn: { en: 'Stay signed in', de: 'Angemeldet bleiben' },
  signedOut: { en: 'Signed out', de: 'Abgemeldet' },
  youAreSignedOut: { en: 'You are signed out', de: 'Sie sind abgemeldet' },
  sharedDevice: {
    en: 'Close the browser if you share this device.',
    de: 'Schließen Sie den Browser, wenn auch andere dieses Gerät benutzen.',
  },
} satisfies Record<string, Text>;
