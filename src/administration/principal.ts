/**
 * What a token is for. An upload token publishes packages in its repositories, and nothing else; a
 * builder's token leases jobs, and has access to those alone. A viewer sees everything except
 * secrets and changes nothing; an approver also decides what is built.
 */
export const TOKEN_PURPOSES = [
  "administrator",
  "upload",
  "builder",
  "viewer",
  "approver",
] as const;

export type TokenPurpose = typeof TOKEN_PURPOSES[number];

/** Who calls the API, according to the token sent. */
export interface Principal {
  /** Name in the audit log. */
  readonly name: string;
  readonly purpose: TokenPurpose;
  /** The repositories of an upload token. */
  readonly repositories: readonly string[];
}

/** A token that used to be valid. */
export interface ExpiredToken {
  readonly name: string;
  /** In milliseconds since the epoch. */
  readonly expiredAt: number;
}

/** Callers without a token, as named in the audit log. */
export const ANYONE = "anyone";

/** Whoever has the configured token. */
export const ADMINISTRATOR: Principal = {
  name: "administrator",
  purpose: "administrator",
  repositories: [],
};
