import { type Answer, type ClientRequest, createClient, type TestClient } from '../support/client.ts';
import { sendRaw } from '../support/raw-http.ts';
import { sessionCookie, type World } from '../support/world.ts';
import { attacks } from './attacks.ts';
import type { Dice } from './dice.ts';
import type { Ledger, Outages } from './ledger.ts';
import { rightHeader } from './workload.ts';

export interface Visit {
  readonly world: World;
  readonly ledger: Ledger;
  readonly outages: Outages;
  readonly dice: Dice;
  /** One login at a time: the provider logs in whom it was told last. */
  readonly oneByOne: <T>(body: () => Promise<T>) => Promise<T>;
}

/** Somebody who uses the site: logs in and out, reads pages, and attacks it now and then. */
export interface Visitor {
  /** One thing, and a look at its outcome. */
  step(): Promise<void>;
}

/** `stays`: never logs out, so that its session must live through everything. */
export function createVisitor(user: string, stays: boolean, visit: Visit): Visitor {
  const { world, ledger, outages, dice } = visit;
  let client: TestClient | undefined;

  /** Sends, and notes an answer that is none of `statuses`; undefined in an outage that excuses it. */
  async function expectStatus(
    what: string,
    statuses: readonly number[],
    send: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const mark = outages.mark();
    try {
      const answer = await send();
      if (statuses.includes(answer.status)) {
        ledger.count(what);
        return answer;
      }
      if (answer.status === 503 && outages.touched(mark)) {
        ledger.count('503 in an outage');
        return undefined;
      }
      const isLost = what.startsWith('page') && [302, 401].includes(answer.status);
      const kind = isLost ? 'session lost' : 'unexpected status';
      ledger.violation(kind, `${what} of ${user}: ${answer.status} ${answer.body.slice(0, 200)}`);
    } catch (error) {
      ledger.violation('no answer', `${what} of ${user}: ${String(error)}`);
    }
    return undefined;
  }

  async function logIn(): Promise<void> {
    const fresh = createClient();
    const landing = `/landing/${user}`;
    const answer = await expectStatus('login', [200], () =>
      visit.oneByOne(async () => {
        world.provider.logInAs(user, { email: `${user}@example.com`, email_verified: true, name: user });
        return await fresh.follow(`${world.origin}${landing}`);
      }),
    );
    if (answer !== undefined && fresh.cookies(world.origin).has(sessionCookie)) client = fresh;
  }

  async function logOut(session: TestClient): Promise<void> {
    client = undefined;
    // What a thief would have kept: the answer takes it away.
    const cookie = session.cookieHeader(world.origin);
    const asked = await expectStatus('logout', [303], () =>
      session.send(`${world.origin}/_auth/logout`, {
        method: 'POST',
        headers: { origin: world.origin, 'sec-fetch-site': 'same-origin' },
      }),
    );
    // In an outage nobody knows whether it was ended.
    if (asked === undefined) return;
    await expectStatus('old cookie after a logout', [401], () =>
      createClient().send(`${world.origin}/private`, { headers: { cookie, [rightHeader]: 'denied' } }),
    );
  }

  async function page(session: TestClient): Promise<void> {
    const headers = { [rightHeader]: user };
    await expectStatus('page with a session', [200], () =>
      session.open(`${world.origin}/private/${dice.upTo(1000)}?q=${dice.upTo(1000)}`, { headers }),
    );
  }

  async function anonymous(): Promise<void> {
    const url = `${world.origin}/private/${dice.upTo(1000)}`;
    const headers = { [rightHeader]: 'denied' };
    if (dice.isBelow(0.5))
      await expectStatus('navigation without a session', [302], () => createClient().open(url, { headers }));
    else await expectStatus('script without a session', [401], () => createClient().send(url, { headers }));
  }

  async function publicPage(): Promise<void> {
    const headers: ClientRequest['headers'] = {
      [rightHeader]: 'public',
      authorization: 'Bearer forged',
      'x-auth-request-user': 'root',
    };
    await expectStatus('public page with forged headers', [200], () =>
      (client ?? createClient()).open(`${world.origin}/public/${dice.upTo(1000)}`, { headers }),
    );
  }

  async function attack(): Promise<void> {
    const chosen = dice.oneOf(attacks);
    const session = client?.cookieHeader(world.origin) ?? `${sessionCookie}=${'A'.repeat(43)}`;
    const bytes = chosen.bytes(world.host, session);
    const statuses = [302, 400, 401, 403, 404, 431];
    await expectStatus(`attack: ${chosen.name}`, statuses, () => sendRaw(world.port, bytes));
  }

  async function userinfo(session: TestClient): Promise<void> {
    const answer = await expectStatus('page /userinfo', [200], () => session.send(`${world.origin}/_auth/userinfo`));
    if (answer !== undefined && !answer.body.includes(`"${user}"`)) {
      ledger.violation('somebody else’s session', `${user} is told ${answer.body.slice(0, 200)}`);
    }
  }

  return {
    async step() {
      if (dice.isBelow(0.1)) return await attack();
      if (dice.isBelow(0.08)) return await publicPage();
      if (client === undefined) return await (dice.isBelow(0.6) ? logIn() : anonymous());
      if (!stays && dice.isBelow(0.06)) return await logOut(client);
      if (dice.isBelow(0.05)) return await userinfo(client);
      await page(client);
    },
  };
}
