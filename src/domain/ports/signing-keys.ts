/** Public keys by which tokens are checked, as JSON Web Keys. */
export interface KeySet {
  readonly keys: readonly { readonly kty: string; readonly kid: string }[]
}

/**
 * The keys of who signs tokens, among them the one of this id where there is one; held for as long as their owner says.
 * Fault: source_unavailable, where they cannot be had.
 */
export type SigningKeys = (keyId: string) => Promise<KeySet>
