import type { Principal, TokenPurpose } from "../../administration/principal.ts";
import type { Role } from "../../web/role.ts";

/** What a token is for, as a role of the pages; null for those of programs. */
const ROLES: Readonly<Record<TokenPurpose, Role | null>> = {
  administrator: "administrator",
  approver: "approver",
  viewer: "viewer",
  upload: null,
  builder: null,
};

/** What somebody may do on the pages; null if they cannot sign in. */
export function roleOf({ purpose }: Principal): Role | null {
  return ROLES[purpose];
}
