import type { TestClient } from '../support/client.ts';
import type { Person } from './people.ts';
import { type Form, formsOf, submit, type Visit } from './visit.ts';

/** Answers Keycloak's pages: the login form, the consent form, and the form that brings the response (form_post). */
export async function answerKeycloak(
  client: TestClient,
  first: Visit,
  person: Person,
  consent: 'accept' | 'cancel',
): Promise<Visit> {
  let page = first;
  for (let pages = 0; pages < 6; pages += 1) {
    const [form] = formsOf(page);
    if (form === undefined || !page.url.includes('/realms/')) return page;
    page = await submit(client, page, form, valuesFor(form, person, consent));
  }
  throw new Error(`Keycloak goes on asking: ${page.url} ${page.body.slice(0, 500)}`);
}

function valuesFor(form: Form, person: Person, consent: 'accept' | 'cancel'): Readonly<Record<string, string>> {
  if (form.fields.has('password')) return { username: person.username, password: person.password };
  return form.action.includes('/login-actions/consent') ? { [consent]: 'yes' } : {};
}
