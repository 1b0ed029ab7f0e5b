import { type Claim, takeoverMs } from '../../ports/store.ts';

/** Who has the right to replace a record, and until when. Moments are milliseconds. */
export interface ClaimState {
  /** Empty while nobody may claim: a back-off. Undefined: nobody has claimed. */
  readonly holder: string | undefined;
  readonly until: number;
  /** Releases with a back-off since the record was replaced. */
  readonly failures: number;
  readonly isTakeoverAnnounced: boolean;
}

export const unclaimed: ClaimState = { holder: undefined, until: 0, failures: 0, isTakeoverAnnounced: false };

/** What becomes of a claim when `holder` asks for it, and what it is told. */
export function claimed(
  state: ClaimState,
  holder: string,
  milliseconds: number,
  now: number,
): { readonly state: ClaimState; readonly claim: Claim } {
  const { failures } = state;
  const isRunning = now < state.until;
  if (state.holder === '' && isRunning) {
    return { state, claim: { kind: 'backing_off', milliseconds: state.until - now } };
  }
  const isForeign = state.holder !== undefined && state.holder !== '' && state.holder !== holder;
  if (isForeign && isRunning) return { state, claim: { kind: 'held' } };
  if (isForeign && !state.isTakeoverAnnounced) {
    return { state: { ...state, until: now + takeoverMs, isTakeoverAnnounced: true }, claim: { kind: 'held' } };
  }
  return { state: held(state, holder, now + milliseconds), claim: { kind: 'claimed', failures } };
}

/** The claim until another moment, with nobody announced to take it over. */
export function held({ failures }: ClaimState, holder: string, until: number): ClaimState {
  return { holder, until, failures, isTakeoverAnnounced: false };
}

/** The claim after its holder gave it up; see SessionRecords.release for `backOff`. */
export function released({ failures }: ClaimState, backOff: number, now: number): ClaimState {
  if (backOff <= 0) return { ...unclaimed, failures };
  return { ...unclaimed, holder: '', until: now + backOff, failures: failures + 1 };
}
