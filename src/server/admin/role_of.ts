import type { Principal, TokenPurpose } from "../../administration/principal.ts";
import type { Role } from "../../web/role.ts";

/** The role of each kind of token; null for tokens of programs. */
const ROLES: Readonly<Record<TokenPurpose, Role | null>> = {
  administrator: "administrator",
  approver: "approver",
  viewer: "viewer",
  upload: null,
  builder: null,
};

/** The role of a principal on the pages; null if it cannot sign in. */
export function roleOf({ purpose }: Principal): Role | null {
  return ROLES[purpose];
}
