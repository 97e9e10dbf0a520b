/**
 * What a token is for. One for uploads publishes packages in its repositories, and nothing else; one
 * of a builder leases jobs, and reaches those alone. A viewer sees everything but secrets and changes
 * nothing; an approver also decides what is built.
 */
export const TOKEN_PURPOSES = [
  "administrator",
  "upload",
  "builder",
  "viewer",
  "approver",
] as const;

export type TokenPurpose = typeof TOKEN_PURPOSES[number];

/** Who calls the API, by the token that was sent. */
export interface Principal {
  /** As the audit log names it. */
  readonly name: string;
  readonly purpose: TokenPurpose;
  /** Those that an upload token is limited to. */
  readonly repositories: readonly string[];
}

/** A token that was good once. */
export interface ExpiredToken {
  readonly name: string;
  /** In milliseconds since the epoch. */
  readonly expiredAt: number;
}

/** Who calls what needs no token, as the audit log names them. */
export const ANYONE = "anyone";

/** Whoever has the token of the configuration. */
export const ADMINISTRATOR: Principal = {
  name: "administrator",
  purpose: "administrator",
  repositories: [],
};
