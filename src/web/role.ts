/** What somebody may do, each all that those before may. */
export const ROLES = ["viewer", "approver", "administrator"] as const;

export type Role = typeof ROLES[number];

/** Whether a role may do what another one may. */
export function includesRole(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(other);
}
