/** What to sign: bytes, or the file at a path, which is read in slices. */
export type SignedData = Uint8Array | string;

/** What clients need to verify signatures. */
export interface PublicKeys {
  /** Fingerprint of the primary key that signs now, in upper-case hexadecimal. */
  readonly fingerprint: string;
  /** Every key that clients must trust, as `pacman-key --add` reads it. */
  readonly binary: Uint8Array<ArrayBuffer>;
  /** The same, armored. */
  readonly armored: string;
}

/** Recognizes signatures by trusted keys, which are not the daemon's own. */
export interface TrustedSignatures {
  /**
   * Verifies a detached signature.
   *
   * @throws PkgstashError `content` with the reason for which it is refused.
   */
  verifyTrusted(data: SignedData, signature: Uint8Array): Promise<void>;
  /** Whether a signature names only trusted keys; does not verify it. */
  isByTrusted(signature: Uint8Array): Promise<boolean>;
}

/** Signs packages and databases. */
export interface Signer {
  /** Makes a detached binary OpenPGP signature, the content of a `.sig`. */
  sign(data: SignedData): Promise<Uint8Array>;
  publicKeys(): Promise<PublicKeys>;
}
