import type { Person } from './people.ts';
import type { Subject } from './subject.ts';

/** A provider whose access tokens end soon, with what it is known to do then: the table in docs/testing.md. */
export interface RefreshSubject extends Subject {
  /** Its administrator, or the user, ends all that a person allowed. */
  revoke(person: Person): Promise<void>;
  /** Gives a person another first name. Undefined: news come with a login alone. */
  readonly rename: ((person: Person, firstName: string) => Promise<void>) | undefined;
  readonly refreshes: {
    /** How long an access token lives, in seconds. */
    readonly lifetime: number;
    /** Status and error for a refresh token that was used before. */
    readonly reuse: string;
    /** Whether it then takes those no more that came after it. */
    readonly endsOnReuse: boolean;
    /** Status and error for the newest one after {@link RefreshSubject.revoke}. */
    readonly revoked: string;
    /** Status and error for the newest one after a logout at Sallyport. */
    readonly afterLogout: string;
  };
}
