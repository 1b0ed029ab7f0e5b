/** Somebody who can log in at every provider under test. */
export interface Person {
  readonly username: string;
  readonly password: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  /** Whether the provider checked the address, where it can say so. */
  readonly hasVerifiedEmail: boolean;
  readonly groups: readonly string[];
}

export const alice: Person = {
  username: 'alice',
  password: 'alice-password-0123456789',
  firstName: 'Alice',
  lastName: 'Adams',
  email: 'alice@example.com',
  hasVerifiedEmail: true,
  groups: ['staff', 'admins'],
};

export const bob: Person = {
  username: 'bob',
  password: 'bob-password-0123456789',
  firstName: 'Bob',
  lastName: 'Brown',
  email: 'bob@example.com',
  hasVerifiedEmail: false,
  groups: ['staff'],
};

/** She never agrees. */
export const carol: Person = {
  username: 'carol',
  password: 'carol-password-0123456789',
  firstName: 'Carol',
  lastName: 'Clark',
  email: 'carol@example.com',
  hasVerifiedEmail: true,
  groups: [],
};

export const people: readonly Person[] = [alice, bob, carol];
