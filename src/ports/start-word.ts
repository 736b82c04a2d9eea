/** How far a process had got when it failed. */
export type Stage = 'starting' | 'claiming' | 'loading' | 'serving';

/**
 * What a process says of itself, on its start-up channel and in the ledger; in the ledger, its starter says
 * some for it.
 */
export type Word =
  | { readonly kind: 'claimed'; readonly generation: number }
  | { readonly kind: 'gave-way'; readonly generation: number }
  /** What is expensive has been loaded: from now on calls are answered. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly stage: Stage; readonly message: string }
  /** It ends, or has ended. `why` is its own word, `code` and `signal` are its starter's. */
  | {
      readonly kind: 'ended';
      readonly why: string;
      readonly code: number | undefined;
      readonly signal: string | undefined;
    };
