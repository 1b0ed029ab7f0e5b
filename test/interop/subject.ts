import type { TestClient } from '../support/client.ts';
import type { Gate } from './gate.ts';
import type { Person } from './people.ts';
import type { Visit } from './visit.ts';

/** A provider in one set-up, with what it is known to do: the table in docs/testing.md. */
export interface Subject {
  readonly gate: Gate;
  /** What stands under `providers.test` in the configuration. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Members of {@link Subject.settings} with which the provider does not believe that Sallyport is Sallyport. */
  readonly wrongCredentials: Readonly<Record<string, unknown>>;
  /** Makes Sallyport, at `origin`, a client of the provider. */
  register(origin: string): Promise<void>;
  /** Answers the provider's pages, from the one that is shown, until it shows none of its own. */
  logIn(client: TestClient, page: Visit, person: Person): Promise<Visit>;
  /** As {@link Subject.logIn}, and then says no to Sallyport. */
  decline(client: TestClient, page: Visit, person: Person): Promise<Visit>;
  /** Answers the provider's pages of a logout, where it has any. */
  logOut(client: TestClient, page: Visit): Promise<Visit>;
  /** `GET`, with an access token, tells who it belongs to: the end of a path at the gate. */
  readonly userinfoPath: string;
  /** Ends of the paths at the gate. */
  readonly tokenPath: string;
  /** Undefined: it publishes no metadata. */
  readonly discoveryPath: string | undefined;
  readonly does: {
    /** It says `iss` in the authorization response (RFC 9207). */
    readonly sendIss: boolean;
    /** It has an end_session_endpoint: after a logout it asks for the password again. */
    readonly endItsSession: boolean;
    /** It says of addresses whether they are verified. */
    readonly verifyEmail: boolean;
    readonly tellGroups: boolean;
    /** The browser brings the response in the body of a POST. */
    readonly answerByForm: boolean;
    /** What it answers to a client that it does not believe; RFC 6749 §5.2: `invalid_client`. */
    readonly refuseWith: string;
    /** A login needs a request of Sallyport's own before the browser leaves (PAR). */
    readonly needPushedRequests: boolean;
  };
  /** What its metadata announces. Without metadata: nothing. */
  readonly offers: {
    readonly takePushedRequests: boolean;
    readonly revokeTokens: boolean;
    readonly logOutByBackChannel: boolean;
  };
  /** `sub` of a person, as the workload is told. Undefined: whatever the provider made up, the same each time. */
  subjectOf(person: Person): string | undefined;
}
