/** What becomes of an option. */
export type Outcome =
  /** It has a place in sallyport.yaml. */
  | { readonly kind: 'mapped'; readonly to: string }
  /** Nothing corresponds to it. `instead` says why, and what to do. */
  | { readonly kind: 'none'; readonly instead: string }
  /** Sallyport does it anyway, or has no use for it. */
  | { readonly kind: 'unneeded'; readonly why: string }
  /** It switches a check off, and Sallyport does not. */
  | { readonly kind: 'refused'; readonly why: string };

/** Mapped to settings of sallyport.yaml. */
export function to(settings: string): Outcome {
  return { kind: 'mapped', to: settings };
}

/** Without an equivalent: why, and what to do instead. */
export function none(instead: string): Outcome {
  return { kind: 'none', instead };
}

/** Without a need: why. */
export function unneeded(why: string): Outcome {
  return { kind: 'unneeded', why };
}

/** Refused on purpose: why. */
export function refused(why: string): Outcome {
  return { kind: 'refused', why };
}
