import { answerKeycloak } from '../interop/keycloak-pages.ts';
import type { Person } from '../interop/people.ts';
import { visit } from '../interop/visit.ts';
import type { Dice } from '../soak/dice.ts';
import type { Ledger } from '../soak/ledger.ts';
import { scriptFetch } from '../support/browser-headers.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { sessionCookie } from '../support/world.ts';
import type { Kills } from './kills.ts';
import type { Refreshes } from './refreshes.ts';
import { landing, userHeader } from './workload.ts';

interface Surroundings {
  readonly origin: string;
  readonly ledger: Ledger;
  readonly kills: Kills;
  readonly refreshes: Refreshes;
  readonly dice: Dice;
  /** Milliseconds that pages took, all of them. */
  readonly latencies: number[];
}

/** Somebody who logged in once and reads pages, at times two at once. */
export interface Visitor {
  /** Throws unless it leads to a session. */
  logIn(): Promise<void>;
  /** A page or two, and a look at what came. Who lost the session logs in again. */
  step(): Promise<void>;
}

export function createVisitor(person: Person, surroundings: Surroundings): Visitor {
  const { origin, ledger, kills, refreshes, dice, latencies } = surroundings;
  const user = person.username;
  let client: TestClient = createClient();

  async function logIn(): Promise<void> {
    client = createClient();
    const url = `${origin}${landing}${user}`;
    const ended = await answerKeycloak(client, await visit(client, url), person, 'accept');
    if (ended.status !== 200 || ended.url !== url || !client.cookies(origin).has(sessionCookie)) {
      throw new Error(`${ended.status} at ${ended.url}: ${ended.body.slice(0, 200)}`);
    }
    ledger.count('login');
  }

  /** Until it works: a kill may come in between. */
  async function logInAgain(): Promise<void> {
    for (let tries = 0; tries < 30; tries += 1) {
      const begunAt = performance.now();
      try {
        return await logIn();
      } catch (error) {
        const excuse = kills.excuse(user, begunAt);
        if (excuse === undefined) ledger.violation('a login that failed', `of ${user}: ${String(error)}`);
        else ledger.count(`login failed, ${excuse}`);
      }
    }
    throw new Error(`${user} cannot log in`);
  }

  /** True: the session is gone. */
  async function page(): Promise<boolean> {
    const begunAt = performance.now();
    const url = `${origin}/page/${dice.upTo(1000)}`;
    const own = { [userHeader]: user };
    try {
      const answer = dice.isBelow(0.5)
        ? await client.open(url, { headers: own })
        : await client.send(url, { headers: { ...own, ...scriptFetch } });
      if (answer.status === 200) {
        ledger.count('page');
        latencies.push(performance.now() - begunAt);
        return false;
      }
      if (answer.status === 302 || (answer.status === 401 && answer.body.includes('login_required'))) return true;
      fail(`${answer.status} ${answer.body.slice(0, 200)}`, String(answer.status), begunAt);
    } catch (error) {
      fail(String(error), 'no answer', begunAt);
    }
    return false;
  }

  function fail(detail: string, kind: string, begunAt: number): void {
    const excuse = kills.excuse(user, begunAt);
    const took = Math.round(performance.now() - begunAt);
    if (excuse === undefined) ledger.violation('a request that failed', `of ${user}, after ${took} ms: ${detail}`);
    else ledger.count(`page failed with ${kind}, ${excuse}`);
  }

  return {
    logIn,
    async step() {
      const pages = dice.isBelow(0.3) ? [page(), page()] : [page()];
      const lost = (await Promise.all(pages)).includes(true);
      if (!lost) return;
      ledger.count('session lost');
      if (!refreshes.isCut(user)) ledger.violation('a session that was lost', `of ${user}`);
      await logInAgain();
    },
  };
}
