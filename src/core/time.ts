declare const epochSeconds: unique symbol;
declare const seconds: unique symbol;

/** A moment, in whole seconds since 1970-01-01T00:00:00Z (RFC 7519 NumericDate without a fraction). */
export type EpochSeconds = number & { readonly [epochSeconds]: true };

declare const epochMilliseconds: unique symbol;

/** A moment, in whole milliseconds since 1970-01-01T00:00:00Z: for what must be told apart within a second. */
export type EpochMilliseconds = number & { readonly [epochMilliseconds]: true };

/** A length of time, in seconds. */
export type Seconds = number & { readonly [seconds]: true };

/** The moment `value` seconds after the epoch; fractions are cut off. */
export function epochSecondsOf(value: number): EpochSeconds {
  return Math.floor(value) as EpochSeconds; // the one place where the brand is given
}

/** The moment `value` milliseconds after the epoch; fractions are cut off. */
export function epochMillisecondsOf(value: number): EpochMilliseconds {
  return Math.floor(value) as EpochMilliseconds; // the one place where the brand is given
}

/** The second in which a moment lies. */
export function secondOf(moment: EpochMilliseconds): EpochSeconds {
  return epochSecondsOf(moment / 1000);
}

/** A length of `value` seconds. */
export function secondsOf(value: number): Seconds {
  return value as Seconds; // the one place where the brand is given
}

/** The moment `length` after `moment`. */
export function after(moment: EpochSeconds, length: Seconds): EpochSeconds {
  return epochSecondsOf(moment + length);
}

/** The length from `from` to `to`; negative when `to` is earlier. */
export function between(from: EpochSeconds, to: EpochSeconds): Seconds {
  return secondsOf(to - from);
}
